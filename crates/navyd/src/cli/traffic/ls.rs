//! `navyd traffic ls` and `search`: exchanges of the past, the newest last, where a person looks first.

use jiff::tz::TimeZone;
use navyd_model::{api::Document, capture::Page, text::shell_word};

use super::super::{Format, Stage, exchanges};
use crate::{
    exit::Exit,
    hub::Meant,
    out::{Failure, Screen, Table},
};

/// List what has passed
#[derive(Debug, clap::Args)]
pub(super) struct Ls {
    /// Which exchanges are meant
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,

    #[command(flatten)]
    page: Part,
}

/// List exchanges in which these words stand, in URL, headers or body
#[derive(Debug, clap::Args)]
pub(super) struct Search {
    /// The words
    #[arg(value_name = "TEXT", required = true)]
    text: Vec<String>,

    #[command(flatten)]
    page: Part,
}

#[derive(Debug, clap::Args)]
struct Part {
    /// How many at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,

    /// Only those before this one: the page before
    #[arg(long, value_name = "ID")]
    before: Option<u64>,
}

impl Ls {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let filter = exchanges::filter(&self.filter)?;
        let again =
            format!("ls {}", self.filter.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" "));
        self.page.list(Meant { filter, ..Meant::default() }, again.trim_end(), stage)
    }
}

impl Search {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let text = self.text.join(" ");
        let again = format!("search {}", shell_word(&text));
        self.page.list(Meant { text: Some(text), ..Meant::default() }, &again, stage)
    }
}

impl Part {
    /// `again` is what to type for the next page.
    fn list(&self, meant: Meant, again: &str, stage: &mut Stage) -> anyhow::Result<Exit> {
        let Some(hub) = exchanges::hub(stage)? else { return Ok(Exit::No) };
        let is_all = meant.filter.is_empty() && meant.text.is_none();
        let meant = Meant { limit: Some(self.limit.into()), before: self.before, ..meant };
        let mut page = hub.exchanges(&meant).map_err(Failure::from)?;
        let exit = if page.exchanges.is_empty() { Exit::No } else { Exit::Yes };
        match stage.format {
            Format::Text => {
                draw(&mut page, &mut stage.screen)?;
                if exit == Exit::No {
                    exchanges::nothing(is_all, stage)?;
                } else if let Some(next) = page.next {
                    stage
                        .screen
                        .hint(&format!("`navyd traffic {again} --before {next}` shows older ones"))?;
                }
            }
            Format::Json => stage.screen.json(&Document::new("exchanges", page))?,
            Format::Jsonl => page.exchanges.iter().try_for_each(|one| stage.screen.json_line(one))?,
        }
        Ok(exit)
    }
}

/// On a terminal the newest stands at the end, next to the prompt; a pipe gets the newest first, as JSON does.
fn draw(page: &mut Page, screen: &mut Screen) -> anyhow::Result<()> {
    let look = screen.look();
    if look.terminal {
        page.exchanges.reverse();
    }
    let (mut table, zone) = (Table::new(exchanges::COLUMNS), TimeZone::system());
    for summary in &page.exchanges {
        table.push(exchanges::cells(summary, &zone));
    }
    if !page.exchanges.is_empty() {
        screen.print(&table.draw(&look))?;
    }
    for note in &page.notes {
        screen.note(note)?;
    }
    Ok(())
}

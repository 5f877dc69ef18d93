//! `navyd traffic rm`: exchanges are forgotten, after it was said which.

use navyd_model::{api::Document, text::shell_word};
use serde::Serialize;

use super::super::{Format, Stage, exchanges, how::How};
use crate::{
    exit::Exit,
    hub::{Client, Meant},
    out::{Answer, Failure, Text, measure},
};

/// Forget exchanges: those with these numbers, or those that a filter means
#[derive(Debug, clap::Args)]
pub(super) struct Remove {
    /// Numbers, or a filter
    #[arg(value_name = "ID|FILTER", required_unless_present = "all")]
    which: Vec<String>,

    /// Everything that is recorded
    #[arg(long, conflicts_with = "which")]
    all: bool,

    #[command(flatten)]
    how: How,
}

/// The body of `navyd.removed/1`.
#[derive(Debug, Serialize)]
struct Removed {
    dry_run: bool,
    removed: u64,
}

impl Remove {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let ids = exchanges::numbers(&self.which);
        let filter = match &ids {
            Some(ids) => exchanges::filter_of(ids),
            None => exchanges::filter(&self.which)?,
        };
        if filter.trim().is_empty() && !self.all {
            let failure = Failure::new("an empty filter means everything");
            return Err(failure.hint("navyd traffic rm --all --dry-run").into());
        }
        let Some(hub) = exchanges::hub(stage)? else { return Ok(Exit::No) };
        let meant = Meant { filter, ..Meant::default() };
        let figures = hub.exchange_stats(&meant).map_err(Failure::from)?;
        if figures.exchanges == 0 {
            answer(Removed { dry_run: self.how.dry_run, removed: 0 }, stage)?;
            return exchanges::nothing(self.all, stage);
        }
        let what = format!(
            "{} with {} on the wire",
            count(figures.exchanges),
            measure::bytes(figures.sent.saturating_add(figures.received))
        );
        if self.how.dry_run {
            if stage.format == Format::Text {
                stage.screen.line(&Text::plain(format!("would forget {what}")))?;
            }
            answer(Removed { dry_run: true, removed: figures.exchanges }, stage)?;
            return Ok(Exit::Yes);
        }
        stage.screen.say(&Text::plain(format!("forgets {what}")))?;
        if !self.how.yes && !self.agreed(figures.exchanges, stage)? {
            return Ok(Exit::No);
        }
        let removed = remove(&hub, ids.as_deref(), &meant)?;
        if stage.format == Format::Text {
            stage.screen.line(&Text::plain(format!("{} forgotten", count(removed))))?;
        }
        answer(Removed { dry_run: false, removed }, stage)?;
        Ok(Exit::Yes)
    }

    fn agreed(&self, exchanges: u64, stage: &mut Stage) -> anyhow::Result<bool> {
        match stage.screen.ask(&format!("forget {}?", count(exchanges)))? {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Nobody => {
                let words: Vec<String> = self.which.iter().map(|word| shell_word(word)).collect();
                let what = if self.all { "--all".to_owned() } else { words.join(" ") };
                Err(Failure::new("nothing was forgotten: there is no terminal to ask on")
                    .hint(format!("navyd traffic rm {what} --yes"))
                    .into())
            }
        }
    }
}

fn remove(hub: &Client, ids: Option<&[u64]>, meant: &Meant) -> Result<u64, Failure> {
    match ids {
        Some([id]) => Ok(hub.remove_exchange(*id)?),
        _ => Ok(hub.remove_exchanges(meant)?),
    }
}

fn answer(removed: Removed, stage: &mut Stage) -> anyhow::Result<()> {
    match stage.format {
        Format::Text => {}
        Format::Json => stage.screen.json(&Document::new("removed", removed))?,
        Format::Jsonl => stage.screen.json_line(&removed)?,
    }
    Ok(())
}

fn count(exchanges: u64) -> String {
    if exchanges == 1 { "1 exchange".to_owned() } else { format!("{exchanges} exchanges") }
}

//! `navyd traffic replay`: a request is sent once more, through the gateway, so that it is recorded as well.

use jiff::tz::TimeZone;
use navyd_model::{
    api::Document,
    capture::{self, Replayed},
    exchange::Exchange,
};

use super::{
    super::{Format, Stage, exchanges},
    edit, show,
};
use crate::{
    exit::Exit,
    out::{Failure, Table},
};

/// Send a request once more, as it was or edited
#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    /// The number of its exchange
    #[arg(value_name = "ID")]
    id: u64,

    /// Edit it first, in `$VISUAL` or `$EDITOR`
    #[arg(long)]
    edit: bool,

    /// Another server to send it to
    #[arg(long, value_name = "URL")]
    to: Option<String>,

    /// How often, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    times: u32,
}

impl Replay {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let Some(hub) = exchanges::hub(stage)? else { return Ok(Exit::No) };
        let Some(exchange) = show::one(&hub, self.id, stage)? else { return Ok(Exit::No) };
        let mut again = capture::Replay { to: self.to, times: Some(self.times), request: None };
        if self.edit {
            let before = edit::text(&exchange)?;
            let Some(edited) = edit::edit(&before)? else {
                stage.screen.note("nothing is left of the request: nothing was sent")?;
                return Ok(Exit::No);
            };
            let request = edit::request(&edited, &before);
            if request.contains(REDACTED) {
                stage.screen.note(format!("what was kept without its secrets is sent with `{REDACTED}`"))?;
            }
            again.request = Some(request);
        } else if has_secrets(&exchange) {
            stage.screen.note(format!("what was kept without its secrets is sent with `{REDACTED}`"))?;
        }
        let ids = hub.replay(self.id, &again).map_err(Failure::from)?;
        match stage.format {
            Format::Text => {
                let (mut table, zone) = (Table::new(exchanges::COLUMNS), TimeZone::system());
                for id in &ids {
                    // One that was sent and is not written yet is named by its number alone.
                    match hub.exchange(*id) {
                        Ok(exchange) => table.push(exchanges::cells(&exchange.summary, &zone)),
                        Err(_) => stage.screen.note(format!("exchange {id} is not recorded yet"))?,
                    }
                }
                let drawn = table.draw(&stage.screen.look());
                stage.screen.print(&drawn)?;
                if let [only] = ids[..] {
                    stage.screen.hint(&format!("navyd traffic diff {} {only}", self.id))?;
                }
            }
            Format::Json => {
                stage.screen.json(&Document::new("replayed", Replayed { exchanges: ids.clone() }))?;
            }
            Format::Jsonl => stage.screen.json_line(&Replayed { exchanges: ids.clone() })?,
        }
        Ok(if ids.is_empty() { Exit::No } else { Exit::Yes })
    }
}

/// What stands where a secret was.
const REDACTED: &str = "[redacted]";

fn has_secrets(exchange: &Exchange) -> bool {
    let request = &exchange.request;
    let heads = request.line.iter().chain(request.headers.iter().map(|(_, value)| value));
    let body = request.body.as_ref().and_then(|body| body.text.as_ref());
    heads.chain(body).any(|text| text.contains(REDACTED))
}

//! `navyd fault log`: what faults have chosen, and what they choose.

use navyd_model::{
    api::Document,
    exchange::Side,
    fault::{Decision, FaultLog},
};

use super::super::{Format, Stage};
use crate::{
    exit::Exit,
    hub,
    out::{Align, Column, Failure, Table, Text, Tone},
};

/// Show what faults have chosen
///
/// The same seed and the same traffic, one request after another, make the same log: `navyd fault add … --seed 7`.
#[derive(Debug, clap::Args)]
pub(super) struct Log {
    /// Go on with what they choose from now on, until you press Control-C
    #[arg(long, short)]
    follow: bool,
}

const COLUMNS: &[Column] = &[
    Column { header: "ROUTE", align: Align::Left, importance: 8, least: 14 },
    Column { header: "NO", align: Align::Right, importance: 7, least: 2 },
    Column { header: "FAULT", align: Align::Left, importance: 9, least: 10 },
    Column { header: "FROM", align: Align::Left, importance: 5, least: 6 },
    Column { header: "DATAGRAM", align: Align::Right, importance: 4, least: 4 },
    Column { header: "CHOSEN", align: Align::Left, importance: 6, least: 8 },
];

impl Log {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let Some(hub) = hub::running()? else {
            stage
                .screen
                .fail(&Failure::new("no hub runs").cause("the log ends with it").hint("navyd fault ls"))?;
            return Ok(Exit::No);
        };
        // First of all, so that nothing is missed; what is told twice is so close that nobody minds.
        let stream = if self.follow {
            let Some(other) = hub::running()? else { return Ok(Exit::No) };
            Some(other.follow("/api/v1/faults/log/events").map_err(Failure::from)?)
        } else {
            None
        };
        let log = hub.fault_log().map_err(Failure::from)?;
        let exit = if log.decisions.is_empty() { Exit::No } else { Exit::Yes };
        print(&log, self.follow, stage)?;
        let Some(stream) = stream else { return Ok(exit) };
        stage.screen.flush()?;
        for message in stream {
            let message = message.map_err(Failure::from)?;
            let Ok(decision) = serde_json::from_str::<Document<Decision>>(&message.data) else {
                stage.screen.note("some were missed: too many at once")?;
                continue;
            };
            match stage.format {
                Format::Text => stage.screen.line(&line(&decision.body))?,
                _ => stage.screen.json_line(&decision.body)?,
            }
            stage.screen.flush()?;
        }
        Err(Failure::new("the hub ended").hint("navyd hub status").into())
    }
}

fn print(log: &FaultLog, follows: bool, stage: &mut Stage) -> anyhow::Result<()> {
    match stage.format {
        Format::Text if log.decisions.is_empty() && !follows => {
            stage.screen.say(&"no fault has hit anything yet".into())?;
            stage.screen.hint("navyd fault ls")?;
        }
        Format::Text if follows => {
            log.decisions.iter().try_for_each(|decision| stage.screen.line(&line(decision)))?;
        }
        Format::Text => {
            let mut table = Table::new(COLUMNS);
            log.decisions.iter().for_each(|decision| table.push(cells(decision)));
            let drawn = table.draw(&stage.screen.look());
            stage.screen.print(&drawn)?;
            stage.screen.say(&Text::of(Tone::Dim, format!("seed {}", log.seed)))?;
        }
        Format::Json if !follows => stage.screen.json(&Document::new("fault-log", log))?,
        _ => log.decisions.iter().try_for_each(|decision| stage.screen.json_line(decision))?,
    }
    Ok(())
}

fn cells(decision: &Decision) -> Vec<Text> {
    let Decision { route, connection, fault, from, datagram, chosen, .. } = decision;
    vec![
        Text::plain(route),
        Text::plain(connection.to_string()),
        Text::of(Tone::Bold, fault),
        Text::plain(side(*from)),
        Text::plain(datagram.map(|number| number.to_string()).unwrap_or_default()),
        Text::plain(chosen),
    ]
}

/// One decision by itself, where nobody knows how wide the others are.
fn line(decision: &Decision) -> Text {
    let Decision { route, connection, fault, from, chosen, .. } = decision;
    let text = Text::plain(format!("{route}  {connection}  ")).then(Tone::Bold, fault);
    text.then(Tone::Plain, format!("  {}  {chosen}", side(*from)))
}

fn side(from: Option<Side>) -> &'static str {
    match from {
        Some(Side::Client) => "client",
        Some(Side::Server) => "server",
        None => "",
    }
}

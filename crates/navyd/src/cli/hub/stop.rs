//! `navyd hub stop`: ending the hub, and waiting until it is gone.

use std::time::Duration;

use navyd_model::api::Document;
use serde::Serialize;

use super::super::{Format, Stage, duration};
use crate::{
    exit::Exit,
    hub::{self, Client, ClientError, Ended},
    out::Failure,
};

/// End the hub: what is in flight finishes
///
/// Told again meanwhile, it cuts that off.
#[derive(Debug, clap::Args)]
pub(super) struct Stop {
    /// How long to wait until it is gone
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration::parse)]
    timeout: Duration,
}

/// The body of `navyd.hub-stop/1`.
#[derive(Debug, Serialize)]
struct Report {
    /// The process that was told to end; `None` when there was none.
    pid: Option<u32>,
    stopped: bool,
}

impl Stop {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let (client, pid) = match Client::look(&hub::places()?) {
            Ok((client, hub)) => (client, hub.pid),
            Err(ClientError::NotRunning) => {
                return answer(&Report { pid: None, stopped: false }, "no hub runs".to_owned(), stage);
            }
            Err(error) => return Err(Failure::from(error).into()),
        };
        let ended = client.stop(&hub::places()?, self.timeout).map_err(Failure::from)?;
        let report = Report { pid: Some(pid), stopped: ended == Ended::Gone };
        let text = match ended {
            Ended::Gone => format!("the hub has ended: pid {pid}"),
            Ended::Draining => format!("the hub still finishes what is in flight: pid {pid}"),
        };
        let exit = answer(&report, text, stage)?;
        if ended == Ended::Draining {
            stage.screen.hint("navyd hub stop")?;
        }
        Ok(exit)
    }
}

fn answer(report: &Report, text: String, stage: &mut Stage) -> anyhow::Result<Exit> {
    match stage.format {
        Format::Text => stage.screen.line(&text.into())?,
        Format::Json => stage.screen.json(&Document::new("hub-stop", report))?,
        Format::Jsonl => stage.screen.json_line(report)?,
    }
    Ok(if report.stopped { Exit::Yes } else { Exit::No })
}

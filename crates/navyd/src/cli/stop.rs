//! `navyd stop`: services end.

use navyd_model::{Service, api::Document, hub::Services};

use super::{Command, Format, Stage, services};
use crate::{
    exit::Exit,
    hub::{self, Method, segment},
    out::{Failure, Text},
};

/// End services of this directory's project
#[derive(Debug, clap::Parser)]
#[command(
    name = "stop",
    after_long_help = "Examples:\n  navyd stop web\n  navyd stop            all services of the project\n\n\
        Exit status: 0 it was done, 2 wrong use or failure."
)]
pub(super) struct Stop {
    /// The services; all of the project without any
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
}

impl Command for Stop {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let Some(hub) = hub::running()? else {
            return Err(Failure::new("no hub runs, and so no service").hint("navyd up").into());
        };
        let mut done = Vec::new();
        for service in services::chosen(&hub, &self.services)? {
            let path = format!("/api/v1/services/{}/stop", segment(&service.id));
            let service: Service = hub.ask(Method::POST, &path, None::<&()>).map_err(Failure::from)?;
            if stage.format == Format::Text {
                stage.screen.line(&Text::plain(format!("{}: {}", service.name, service.phase.as_str())))?;
            }
            done.push(service);
        }
        match stage.format {
            Format::Text => {}
            Format::Json => stage.screen.json(&Document::new("services", Services { services: done }))?,
            Format::Jsonl => done.iter().try_for_each(|service| stage.screen.json_line(service))?,
        }
        Ok(Exit::Yes)
    }
}

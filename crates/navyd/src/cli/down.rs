//! `navyd down`: the project of this directory ends.

use std::io;

use navyd_model::{api::Document, hub::Services, project::Stopped};

use super::{Command, Format, Stage, services};
use crate::{
    exit::Exit,
    hub::{self, ClientError, Method, segment},
    out::{Failure, Screen, Text},
};

/// End the services of this directory's project
///
/// Those end first that need others; each is asked to end, and killed with everything it started when it does not.
#[derive(Debug, clap::Parser)]
#[command(
    name = "down",
    after_long_help = "Examples:\n  navyd down\n\n\
        Exit status: 0 they have ended, 1 nothing ran here, 2 wrong use or failure."
)]
pub(super) struct Down {}

impl Command for Down {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let none = Document::new("services", Services::default());
        let (Ok(file), Some(hub)) = (services::file(), hub::running()?) else {
            return services::nothing(&none, stage);
        };
        let root = file.parent().map(|root| root.to_string_lossy().into_owned()).unwrap_or_default();
        let path = format!("/api/v1/projects/{}/stop", segment(&root));
        let ended: Services = match hub.ask(Method::POST, &path, Some(&Stopped::default())) {
            Ok(ended) => ended,
            Err(ClientError::Refused { status: 404, .. }) => return services::nothing(&none, stage),
            Err(error) => return Err(Failure::from(error).into()),
        };
        match stage.format {
            Format::Text => render(&ended, &mut stage.screen)?,
            Format::Json => stage.screen.json(&Document::new("services", &ended))?,
            Format::Jsonl => ended.services.iter().try_for_each(|service| stage.screen.json_line(service))?,
        }
        Ok(Exit::Yes)
    }
}

fn render(ended: &Services, screen: &mut Screen) -> io::Result<()> {
    ended.services.iter().try_for_each(|service| {
        screen.line(&Text::plain(format!("{}: {}", service.name, service.phase.as_str())))
    })
}

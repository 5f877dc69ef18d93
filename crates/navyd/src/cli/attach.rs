//! `navyd attach SERVICE`: what a service says, and what is typed as its standard input.
//!
//! The service has a pipe and no terminal: it reads line by line, and keys such as Control-C end `attach` alone.

use std::{io::BufRead as _, thread};

use navyd_model::{
    api::Document,
    project::{Lines, NewInput, Taken},
};

use super::{Command, Format, Stage, services};
use crate::{
    client,
    exit::Exit,
    hub::{self, Method, segment},
    out::Failure,
};

/// Follow a service, and write into its standard input
///
/// Each line that is typed reaches the service. It has a pipe and no terminal; Control-C leaves, and the service goes on.
#[derive(Debug, clap::Parser)]
#[command(
    name = "attach",
    after_long_help = "Examples:\n  navyd attach web\n  echo rs | navyd attach web\n\n\
        Exit status: 0 it was followed to the end, 1 it does not run, 2 wrong use or failure."
)]
pub(super) struct Attach {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,
}

impl Command for Attach {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let (Some(hub), Some(writer)) = (hub::running()?, hub::running()?) else {
            return services::nothing(&Document::new("log", Lines::default()), stage);
        };
        let chosen = services::chosen(&hub, std::slice::from_ref(&self.service))?;
        let Some(service) = chosen.first().filter(|service| service.pid.is_some()) else {
            let phase = chosen.first().map_or("unknown", |service| service.phase.as_str());
            let failure = Failure::new(format!("`{}` does not run", self.service));
            stage
                .screen
                .fail(&failure.cause(format!("it is {phase}")).hint(format!("navyd up {}", self.service)))?;
            return Ok(Exit::No);
        };
        let base = format!("/api/v1/services/{}", segment(&service.id));
        let lines = hub.follow(&format!("{base}/logs?follow=true&tail=20")).map_err(Failure::from)?;
        // It ends with the input, or with the process.
        thread::spawn(move || {
            for text in std::io::stdin().lock().lines().map_while(Result::ok) {
                let path = format!("{base}/input");
                let taken = writer.ask::<Taken>(Method::POST, &path, Some(&NewInput { text: text + "\n" }));
                if !taken.is_ok_and(|taken| taken.taken) {
                    return;
                }
            }
        });
        let prefixes = services::Prefixes::default();
        for message in lines {
            let message = message.map_err(Failure::from)?;
            match services::line(&message) {
                Some(line) if stage.format == Format::Text => prefixes.show(&line, &mut stage.screen)?,
                Some(line) => stage.screen.json_line(&line)?,
                None => stage.screen.note("some lines were said too fast, and are missing here")?,
            }
            stage.screen.flush()?;
            if !client::is_read() {
                break;
            }
        }
        Ok(Exit::Yes)
    }
}

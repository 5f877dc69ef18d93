//! `navyd logs`: what services say.

use navyd_model::{Line, api::Document, project::Lines};
use regex_lite::Regex;

use super::{Command, Format, Stage, services};
use crate::{
    client,
    exit::Exit,
    hub::{self, Method, segment},
    out::Failure,
};

/// Print what services of this directory's project say
///
/// The last lines are read from the hub's memory; all that it keeps is in files below its state directory, named by
/// `navyd hub status`.
#[derive(Debug, clap::Parser)]
#[command(
    name = "logs",
    after_long_help = "Examples:\n  \
        navyd logs                     the last lines of all services\n  \
        navyd logs -f web api          go on with what they say from now on\n  \
        navyd logs --grep 'error|warn'\n  \
        navyd logs -n 0 -f --jsonl\n\n\
        Exit status: 0 there were lines, 1 there were none or nothing runs here, 2 wrong use or failure."
)]
pub(super) struct Logs {
    /// The services; all of the project without any
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// Go on with what they say from now on
    #[arg(long, short)]
    follow: bool,

    /// Only lines that this regular expression matches somewhere
    #[arg(long, short, value_name = "RE")]
    grep: Option<String>,

    /// How many lines of what they said before
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    lines: usize,
}

impl Command for Logs {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let pattern = self.grep.as_deref().map(Regex::new).transpose().map_err(|error| {
            Failure::new("`--grep` is no regular expression")
                .cause(error.to_string())
                .hint("navyd logs --grep 'error|warn'")
        })?;
        let none = Document::new("log", Lines::default());
        let Some(hub) = hub::running()? else { return services::nothing(&none, stage) };
        let chosen = services::chosen(&hub, &self.services)?;
        if chosen.is_empty() {
            return services::nothing(&none, stage);
        }
        let ids: Vec<String> = chosen.iter().map(|service| segment(&service.id)).collect();
        let path = format!("/api/v1/services/{}/logs", ids.join(","));
        let fits = |line: &Line| {
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(&services::plain(&line.text)))
        };
        let prefixes = services::Prefixes::of(&chosen);
        if !self.follow {
            let Lines { mut lines } = hub.ask(Method::GET, &path, None::<&()>).map_err(Failure::from)?;
            lines.retain(fits);
            lines.drain(..lines.len().saturating_sub(self.lines));
            let exit = if lines.is_empty() { Exit::No } else { Exit::Yes };
            match stage.format {
                Format::Json => stage.screen.json(&Document::new("log", Lines { lines }))?,
                Format::Jsonl => lines.iter().try_for_each(|line| stage.screen.json_line(line))?,
                Format::Text => lines.iter().try_for_each(|line| prefixes.show(line, &mut stage.screen))?,
            }
            return Ok(exit);
        }
        let path = format!("{path}?follow=true&tail={}", self.lines);
        for message in hub.follow(&path).map_err(Failure::from)? {
            let message = message.map_err(Failure::from)?;
            match services::line(&message) {
                Some(line) if !fits(&line) => continue,
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

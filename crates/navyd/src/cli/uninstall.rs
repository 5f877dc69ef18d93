//! `navyd uninstall`: takes back everything that navyd has put outside of its own directories, and ends the hub.
//!
//! Says first what there is, asks, then takes back part after part; one that fails keeps none of the others. Deliberately
//! absent: removing the program itself, which whoever installed it does, and becoming root.

mod parts;

use navyd_model::api::Document;
use serde::Serialize;

use super::{Command, Format, Stage, how::How};
use crate::{
    exit::Exit,
    hub,
    out::{Answer, Failure, Text, Tone},
};
use parts::Part;

/// Take back everything that navyd has put on this machine, and end the hub
///
/// The authority leaves every store, the hosts file loses the block, low ports are as they were, and no unit starts the
/// hub any more. Under `sudo`, only what belongs to the system is taken back.
#[derive(Debug, clap::Parser)]
#[command(
    name = "uninstall",
    after_long_help = "Examples:\n  \
        navyd uninstall --dry-run      say what there is to take back\n  \
        navyd uninstall\n  \
        navyd uninstall --data         the authority, routes, logs and settings as well\n\n\
        Exit status: 0 nothing is left, 1 some of it is, 2 wrong use."
)]
pub(super) struct Uninstall {
    /// Remove its own directories as well: the authority, routes, logs and settings
    #[arg(long)]
    data: bool,

    #[command(flatten)]
    how: How,
}

/// The body of `navyd.uninstall/1`.
#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    parts: Vec<Row>,
    /// A line for root, where something needs it.
    hint: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    part: &'static str,
    steps: Vec<String>,
    /// Whether it is taken back; `null` in a dry run.
    done: Option<bool>,
    /// What is left, and why.
    left: Vec<String>,
}

impl Command for Uninstall {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let parts = parts::find(self.data)?;
        if !parts.is_empty() && !self.how.dry_run && !self.agreed(&parts, stage)? {
            return Ok(Exit::No);
        }
        let rows: Vec<Row> = parts.into_iter().map(|part| self.row(part)).collect();
        let is_clean = rows.iter().all(|row| row.left.is_empty());
        let report =
            Report { dry_run: self.how.dry_run, parts: rows, hint: (!is_clean).then(line).transpose()? };
        match stage.format {
            Format::Text => render(&report, stage)?,
            Format::Json => stage.screen.json(&Document::new("uninstall", report))?,
            Format::Jsonl => report.parts.iter().try_for_each(|row| stage.screen.json_line(row))?,
        }
        Ok(if is_clean { Exit::Yes } else { Exit::No })
    }
}

impl Uninstall {
    fn agreed(&self, parts: &[Part], stage: &mut Stage) -> anyhow::Result<bool> {
        for part in parts {
            stage.screen.say(&Text::of(Tone::Bold, part.name))?;
            let steps = part.steps.iter().map(|step| Text::of(Tone::Dim, format!("  {step}")));
            steps.into_iter().try_for_each(|step| stage.screen.say(&step))?;
        }
        if self.how.yes {
            return Ok(true);
        }
        match stage.screen.ask("take all of that back?")? {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Nobody => {
                let failure = Failure::new("nothing was done: there is no terminal to ask on");
                Err(failure.hint("navyd uninstall --yes").into())
            }
        }
    }

    fn row(&self, part: Part) -> Row {
        let Part { name, steps, task } = part;
        if self.how.dry_run {
            return Row { part: name, steps, done: None, left: Vec::new() };
        }
        let left = task.undo();
        Row { part: name, steps, done: Some(left.is_empty()), left }
    }
}

/// What root types for what is left.
fn line() -> Result<String, Failure> {
    Ok(format!("sudo {} uninstall --yes", hub::program()?.display()))
}

fn render(report: &Report, stage: &mut Stage) -> anyhow::Result<()> {
    let screen = &mut stage.screen;
    if report.parts.is_empty() {
        screen.line(&"there is nothing of navyd's to take back".into())?;
    }
    for row in &report.parts {
        let (tone, word) = match row.done {
            None => (Tone::Plain, "would be taken back"),
            Some(true) => (Tone::Green, "taken back"),
            Some(false) => (Tone::Yellow, "not all of it is taken back"),
        };
        screen.line(&Text::of(Tone::Bold, row.part).then(Tone::Plain, ": ").then(tone, word))?;
        if row.done.is_none() {
            row.steps.iter().try_for_each(|step| screen.line(&Text::of(Tone::Dim, format!("  {step}"))))?;
        }
        row.left.iter().try_for_each(|left| screen.note(left))?;
    }
    report.hint.iter().try_for_each(|hint| screen.hint(hint))?;
    Ok(())
}

//! `navyd doctor`: why localhost itself does not work, row by row.
//!
//! The host reads and judges; here it is drawn. Deliberately absent: any judgement.

use navyd_model::{
    Diagnosis,
    api::Document,
    diagnosis::{Check, State},
};

use super::{Command, Format, Stage};
use crate::{
    client,
    exit::Exit,
    out::{Text, Tone},
};

/// Say why localhost itself does not work, and what to type
///
/// What cannot be read is unknown, and never ok.
#[derive(Debug, clap::Parser)]
#[command(
    name = "doctor",
    after_long_help = "Examples:\n  \
        navyd doctor           every row\n  \
        navyd doctor --json    the same for programs\n\n\
        Exit status: 0 all is well, 1 something warns or fails, 2 wrong use or failure."
)]
pub(super) struct Doctor {}

impl Command for Doctor {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let diagnosis = client::doctor();
        match stage.format {
            Format::Json => stage.screen.json(&Document::new("doctor", &diagnosis))?,
            Format::Jsonl => diagnosis.checks.iter().try_for_each(|check| stage.screen.json_line(check))?,
            Format::Text => {
                diagnosis.checks.iter().flat_map(lines).try_for_each(|line| stage.screen.line(&line))?;
            }
        }
        Ok(exit(&diagnosis))
    }
}

fn lines(check: &Check) -> Vec<Text> {
    let state = format!("{:<7}", check.state.as_str());
    let mut lines =
        vec![Text::of(tone(check.state), state).then(Tone::Plain, format!("  {}", check.summary))];
    lines.extend(check.cause.iter().map(|cause| Text::of(Tone::Dim, format!("         {cause}"))));
    lines.extend(check.fix.iter().map(|fix| Text::plain("         fix: ").then(Tone::Cyan, fix)));
    lines
}

fn tone(state: State) -> Tone {
    match state {
        State::Ok => Tone::Green,
        State::Unknown => Tone::Dim,
        State::Warn => Tone::Yellow,
        State::Fail => Tone::Red,
    }
}

fn exit(diagnosis: &Diagnosis) -> Exit {
    if diagnosis.checks.iter().any(|check| check.state.is_finding()) { Exit::No } else { Exit::Yes }
}

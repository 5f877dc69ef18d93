//! What `--fix` does itself: a row says what is ill, and a pure table which of the cures is safe and navyd's to do.
//!
//! Safe is what puts back what every machine has, and can be taken away by a command: the loopback device up, and
//! navyd's own block in the hosts file. Everything else stays a line that a person types. Deliberately absent: a shell,
//! and becoming root.

use std::{fs, io::Read as _, path::PathBuf, process};

use navyd_hub::hosts::{self, HostName};
use navyd_model::diagnosis::Check;
use serde::Serialize;

use crate::{
    cli::{Stage, how::How},
    out::{Answer, Failure, Text, Tone},
};

/// The most that is read of a hosts file.
const LONGEST: u64 = 64 * 1024 * 1024;

/// One cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A program, and what it is told.
    Program(Vec<String>),
    /// These names in navyd's block of the hosts file.
    Hosts(Vec<HostName>),
}

/// What became of a cure.
#[derive(Debug, Serialize)]
pub(super) struct Mended {
    /// The row.
    pub(super) id: String,
    /// What is done, in words.
    pub(super) step: String,
    /// Whether it was done: not in a dry run.
    pub(super) done: bool,
    /// Why not.
    error: Option<String>,
}

impl Mended {
    /// How it stands, in a word.
    pub(super) fn state(&self) -> &'static str {
        match (self.done, &self.error) {
            (true, _) => "done",
            (false, Some(_)) => "failed",
            (false, None) => "to do",
        }
    }

    /// How that looks.
    pub(super) fn tone(&self) -> Tone {
        if self.done { Tone::Green } else { Tone::Yellow }
    }
}

/// The cures that are navyd's to do, in the order of the rows. Pure.
pub(super) fn plan(checks: &[Check], names: &[String]) -> Vec<(String, Step)> {
    checks.iter().filter_map(|check| Some((check.id.clone(), step(check, names)?))).collect()
}

fn step(check: &Check, names: &[String]) -> Option<Step> {
    let fix = check.fix.as_deref().filter(|_| check.state.is_finding())?;
    match check.id.as_str() {
        "lo-up" => {
            let words: Vec<String> = fix.trim_start_matches("sudo ").split(' ').map(str::to_owned).collect();
            matches!(&words[..], [ip, link, set, _, up] if [ip, link, set, up] == ["ip", "link", "set", "up"])
                .then_some(Step::Program(words))
        }
        "hosts" if fix.contains("navyd route sync-hosts ") => {
            let names: Vec<HostName> = names.iter().filter_map(|name| name.parse().ok()).collect();
            (!names.is_empty()).then_some(Step::Hosts(names))
        }
        _ => None,
    }
}

/// Says what would be done, asks, and does it.
pub(super) fn carry_out(
    steps: Vec<(String, Step)>,
    how: How,
    stage: &mut Stage,
) -> anyhow::Result<Vec<Mended>> {
    for (_, step) in &steps {
        stage.screen.say(&Text::of(Tone::Bold, step.words()))?;
    }
    let agreed = steps.is_empty()
        || how.dry_run
        || how.yes
        || match stage.screen.ask("do it?")? {
            Answer::Yes => true,
            Answer::No => false,
            Answer::Nobody => {
                return Err(Failure::new("nothing was mended: there is no terminal to ask on")
                    .hint("navyd doctor --fix --yes")
                    .into());
            }
        };
    let done = |(id, step): (String, Step)| {
        let tried = (agreed && !how.dry_run).then(|| step.carry_out());
        let error = tried.as_ref().and_then(|tried| tried.as_ref().err().cloned());
        Mended { id, step: step.words(), done: matches!(tried, Some(Ok(()))), error }
    };
    let mended: Vec<Mended> = steps.into_iter().map(done).collect();
    for Mended { step, error, .. } in &mended {
        if let Some(error) = error {
            stage.screen.note(format!("{step}: {error}"))?;
        }
    }
    Ok(mended)
}

impl Step {
    /// What it does, in words.
    fn words(&self) -> String {
        match self {
            Self::Program(words) => format!("run: {}", words.join(" ")),
            Self::Hosts(names) => {
                let names: Vec<&str> = names.iter().map(HostName::as_str).collect();
                format!("write {}: {}", file().display(), names.join(", "))
            }
        }
    }

    fn carry_out(&self) -> Result<(), String> {
        match self {
            Self::Program(words) => {
                let (program, arguments) = words.split_first().ok_or("nothing to run")?;
                let ran = process::Command::new(program).args(arguments).output();
                let ran = ran.map_err(|error| error.to_string())?;
                if ran.status.success() {
                    return Ok(());
                }
                Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned())
            }
            Self::Hosts(names) => {
                let mut bytes = Vec::new();
                let read =
                    fs::File::open(file()).and_then(|open| open.take(LONGEST + 1).read_to_end(&mut bytes));
                read.map_err(|error| error.to_string())?;
                if bytes.len() as u64 > LONGEST {
                    return Err("it is too large to be a hosts file".into());
                }
                hosts::write(&file(), &hosts::edit(&bytes, names)).map_err(|error| error.to_string())
            }
        }
    }
}

/// The hosts file that the row has read.
fn file() -> PathBuf {
    hosts::file()
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;

    #[test]
    fn only_what_is_safe_is_done() {
        let words = |text: &str| Step::Program(text.split(' ').map(str::to_owned).collect());
        let shop = || Step::Hosts(vec!["shop.localhost".parse().unwrap()]);
        for (id, state, fix, expected) in [
            ("lo-up", State::Fail, "ip link set lo up", Some(words("ip link set lo up"))),
            ("lo-up", State::Fail, "sudo ip link set lo up", Some(words("ip link set lo up"))),
            ("lo-up", State::Ok, "ip link set lo up", None),
            ("lo-up", State::Fail, "ip link set lo up; reboot", None),
            ("hosts", State::Warn, "sudo navyd route sync-hosts shop.localhost", Some(shop())),
            ("hosts", State::Warn, "sudo editor /etc/hosts", None),
            ("clock", State::Warn, "sudo timedatectl set-ntp true", None),
        ] {
            let check = Check {
                id: id.into(),
                state,
                summary: String::new(),
                evidence: None,
                cause: None,
                fix: Some(fix.into()),
            };
            let planned = plan(&[check], &["shop.localhost".to_owned()]);
            assert_eq!(planned.into_iter().next().map(|(_, step)| step), expected, "{id} {fix}");
        }
    }
}

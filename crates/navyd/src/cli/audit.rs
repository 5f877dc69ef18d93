//! `navyd audit`: what on this machine's localhost is dangerous, with proof and the line that mends it.
//!
//! The host looks and judges; here the findings are chosen and drawn. Deliberately absent: any judgement.

mod asked;
mod draw;

use navyd_model::{
    Target,
    api::Document,
    finding::{Audit as Answer, Word},
};

use super::{Command, Format, Stage, named};
use crate::{
    client::{self, Facts, Scope},
    exit::Exit,
    out::Failure,
};

/// Say what is dangerous about the listeners of this machine, and what mends it
///
/// Nothing is sent unless --probe says so: sockets, processes and files are read.
#[derive(Debug, clap::Parser)]
#[command(
    name = "audit",
    after_long_help = "Examples:\n  \
        navyd audit                       every listener\n  \
        navyd audit 5173                  only what this names\n  \
        navyd audit --min-severity high   only what is at least so bad\n  \
        navyd audit --show-probes         every byte that --probe would send\n  \
        navyd audit --probe               ask, too\n\n\
        Exit status: 0 nothing was found, 1 something was, 2 wrong use or failure. Findings that are only inferred\n\
        do not count."
)]
pub(super) struct Audit {
    /// Only the listeners that these name: ports, addresses, URLs, programs or projects
    targets: Vec<String>,

    /// Only what is at least so bad: info, low, medium, high, critical
    #[arg(long, value_name = "WORD", value_parser = word, default_value = "info")]
    min_severity: Word,

    /// Only these checks
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,

    /// All but these checks
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    skip: Vec<String>,

    /// Ask, too: at most three read-only requests and one second for each port, never of a debugger
    #[arg(long)]
    probe: bool,

    /// Print every byte that --probe sends; alone, send none
    #[arg(long)]
    show_probes: bool,
}

fn word(text: &str) -> Result<Word, String> {
    let known = || Word::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ");
    Word::ALL
        .iter()
        .copied()
        .find(|word| word.as_str() == text)
        .ok_or_else(|| format!("it is one of {}", known()))
}

impl Command for Audit {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let (mut facts, notes) = self.facts()?;
        let plans = if self.probe || self.show_probes { client::plan_audit(&facts) } else { Vec::new() };
        if self.show_probes {
            match (self.probe, stage.format) {
                (true, _) => asked::lines(&plans).iter().try_for_each(|line| stage.screen.note(line))?,
                (false, Format::Text) => {
                    asked::lines(&plans)
                        .iter()
                        .try_for_each(|line| stage.screen.line(&line.as_str().into()))?;
                }
                (false, _) => stage.screen.json(&asked::document(&plans))?,
            }
        }
        if self.show_probes && !self.probe {
            return Ok(Exit::Yes);
        }
        if self.probe {
            asked::ask(&mut facts, &plans, &mut stage.screen)?;
        }
        let answer = self.judge(facts, notes);
        match stage.format {
            Format::Json => stage.screen.json(&Document::new("audit", &answer))?,
            Format::Jsonl => {
                answer.findings.iter().try_for_each(|finding| stage.screen.json_line(finding))?;
            }
            Format::Text => {
                let look = stage.screen.look();
                draw::lines(&answer, &look).iter().try_for_each(|line| stage.screen.line(line))?;
                answer.unknown.iter().try_for_each(|note| stage.screen.note(note))?;
            }
        }
        Ok(exit(&answer))
    }
}

impl Audit {
    /// The facts about the listeners that are meant, and what could not be seen of them.
    fn facts(&self) -> Result<(Facts, Vec<String>), Failure> {
        let targets =
            self.targets.iter().map(|text| named::parse(text)).collect::<Result<Vec<Target>, _>>()?;
        let seen = client::listeners(&Scope { unix: true, published: true, ..Scope::default() })?;
        let mut listeners = seen.listeners;
        if !targets.is_empty() {
            listeners.retain(|listener| targets.iter().any(|target| named::names(target, listener)));
        }
        Ok((client::facts_of(listeners), seen.notes))
    }

    fn judge(&self, facts: Facts, notes: Vec<String>) -> Answer {
        let is = |id: &str, list: &[String]| list.iter().any(|wanted| wanted.eq_ignore_ascii_case(id));
        let mut answer = client::judge_audit(facts, |check| {
            (self.only.is_empty() || is(check.id, &self.only)) && !is(check.id, &self.skip)
        });
        answer.findings.retain(|finding| finding.severity.word >= self.min_severity);
        answer.unknown.extend(notes);
        answer
    }
}

/// What is only inferred may be wrong, and fails nobody's build.
fn exit(answer: &Answer) -> Exit {
    if answer.findings.iter().any(|finding| finding.confidence.decides()) { Exit::No } else { Exit::Yes }
}

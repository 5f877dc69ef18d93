//! `navyd audit`: what on this machine's localhost is dangerous, with proof and the line that mends it.
//!
//! The host looks and judges; here the findings are chosen, set against what the project accepts, and drawn.
//! Deliberately absent: any judgement.

mod asked;
mod baseline;
mod checks;
mod credentials;
mod draw;
mod explain;
mod fix;
#[cfg(test)]
mod fixture;
mod markdown;
mod plan;
mod sarif;
mod watch;

use std::path::PathBuf;

use navyd_model::{api::Document, finding::Word};

use super::{Command, Format, Stage, how::How, named};
use crate::{
    client,
    exit::Exit,
    out::{Failure, Screen},
};
use plan::{Plan, Seen};

/// Say what is dangerous about the listeners of this machine, and what mends it
///
/// Nothing is sent unless --probe says so: sockets, processes and files are read.
#[derive(Debug, clap::Parser)]
#[command(
    name = "audit",
    args_conflicts_with_subcommands = true,
    after_long_help = "Examples:\n  \
        navyd audit                          every listener\n  \
        navyd audit 5173                     only what this names\n  \
        navyd audit --min-severity high      only what is at least so bad\n  \
        navyd audit --only A01,A54           only these checks\n  \
        navyd audit --show-probes            every byte that --probe would send\n  \
        navyd audit --probe                  ask, too\n  \
        navyd audit explain A01              why it matters, and what mends it\n  \
        navyd audit --accept A01 5173        live with it, here and for everybody in this project\n  \
        navyd audit --watch --jsonl          each new finding as a line of JSON\n  \
        navyd audit --sarif >audit.sarif     for code scanning\n\n\
        Into a pipe: one finding a line, tabs between severity, score, confidence, check, address, holder, project,\n\
        title, evidence and fix.\n\
        Exit status: 0 nothing was found, 1 something was, 2 wrong use or failure. What is only inferred, and what\n\
        the project accepts, does not count."
)]
pub(super) struct Audit {
    #[command(subcommand)]
    explain: Option<What>,

    /// Only the listeners that these name: ports, addresses, URLs, programs or projects
    targets: Vec<String>,

    /// Only what is at least so bad: info, low, medium, high, critical
    #[arg(long, value_name = "WORD", value_parser = word, default_value = "info", help_heading = "Filters")]
    min_severity: Word,

    /// Only these checks
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Filters")]
    only: Vec<String>,

    /// All but these checks
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Filters")]
    skip: Vec<String>,

    /// Ask, too: at most three read-only requests and one second for each port, never of a debugger
    #[arg(long, conflicts_with_all = ["watch", "fix", "accept"])]
    probe: bool,

    /// Print every byte that --probe sends; alone, send none
    #[arg(long, conflicts_with_all = ["watch", "fix", "accept"])]
    show_probes: bool,

    /// The file of accepted findings, in place of `navyd-audit.toml` in the root of this directory's project
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    baseline: Option<PathBuf>,

    /// Accept what these checks find now: it is written into the file, and decides nothing any more
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Baseline",
        conflicts_with_all = ["watch", "fix", "sarif", "markdown", "only", "skip"])]
    accept: Vec<String>,

    /// Why it is accepted
    #[arg(long, value_name = "TEXT", requires = "accept", help_heading = "Baseline")]
    reason: Option<String>,

    /// Keep watching: what is found now, then each change, within a second of a listener's birth
    #[arg(long, conflicts_with_all = ["fix", "sarif", "markdown"])]
    watch: bool,

    /// Apply the lines that are safe: those that take from everybody the right to change your files
    #[arg(long, conflicts_with_all = ["sarif", "markdown"])]
    fix: bool,

    #[command(flatten)]
    how: How,

    /// Print SARIF 2.1.0, which code scanning reads
    #[arg(long, conflicts_with_all = ["json", "jsonl", "markdown"])]
    sarif: bool,

    /// Print Markdown, for a pull request
    #[arg(long, conflicts_with_all = ["json", "jsonl"])]
    markdown: bool,
}

/// What else can be asked.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Say why a check matters, when it is silent, and what mends it; of every check without an ID
    Explain(explain::Explain),
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
    Jsonl,
    Sarif,
    Markdown,
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
        if let Some(What::Explain(asked)) = &self.explain {
            return asked.run(stage);
        }
        let form = self.form(stage.format);
        let plan = self.resolve()?;
        let screen = &mut stage.screen;
        match () {
            () if self.watch => watch::watch(&plan, form, screen),
            () if !self.accept.is_empty() => {
                baseline::accept(&plan, self.baseline, self.reason.as_deref(), form, screen)
            }
            () if self.fix => fix::fix(&plan, self.how, form, screen),
            () => {
                let mut facts = plan.facts()?;
                if self.probe || self.show_probes {
                    let questions = client::plan_audit(&facts);
                    if self.show_probes {
                        asked::show(&questions, self.probe, form, screen)?;
                    }
                    if !self.probe {
                        return Ok(Exit::Yes);
                    }
                    asked::ask(&mut facts, &questions, screen)?;
                }
                let seen = plan.judge(facts);
                render(&seen, form, screen)?;
                Ok(seen.exit())
            }
        }
    }
}

impl Audit {
    fn form(&self, format: Format) -> Form {
        match format {
            _ if self.sarif => Form::Sarif,
            _ if self.markdown => Form::Markdown,
            Format::Text => Form::Text,
            Format::Json => Form::Json,
            Format::Jsonl => Form::Jsonl,
        }
    }

    fn resolve(&self) -> Result<Plan, Failure> {
        if (self.how.dry_run || self.how.yes) && !self.fix {
            return Err(
                Failure::new("`--dry-run` and `--yes` need `--fix`").hint("navyd audit --fix --dry-run")
            );
        }
        let targets = self.targets.iter().map(|text| Ok((text.clone(), named::parse(text)?)));
        let ids =
            |typed: &[String]| typed.iter().map(|text| checks::known(text)).collect::<Result<_, Failure>>();
        let only = if self.accept.is_empty() { &self.only } else { &self.accept };
        Ok(Plan {
            targets: targets.collect::<Result<_, Failure>>()?,
            only: ids(only)?,
            skip: ids(&self.skip)?,
            min_severity: self.min_severity,
            probe: self.probe,
            baseline: baseline::Baseline::find(self.baseline.as_deref(), !self.accept.is_empty())?,
        })
    }
}

fn render(seen: &Seen, form: Form, screen: &mut Screen) -> anyhow::Result<()> {
    let answer = &seen.answer;
    match form {
        // The documents have the notes in them.
        Form::Json => return Ok(screen.json(&Document::new("audit", answer))?),
        Form::Sarif => return Ok(screen.json(&sarif::log(seen))?),
        Form::Jsonl => answer.findings.iter().try_for_each(|finding| screen.json_line(finding))?,
        Form::Markdown => screen.print(&markdown::document(answer))?,
        Form::Text => {
            let look = screen.look();
            if look.terminal {
                draw::lines(answer, look.width).iter().try_for_each(|line| screen.line(line))?;
            } else {
                answer.findings.iter().try_for_each(|finding| screen.line(&draw::record(finding)))?;
                screen.say(&draw::summary(answer))?;
            }
        }
    }
    let notes = answer.unknown.iter().chain(&answer.stale);
    Ok(notes.into_iter().try_for_each(|note| screen.note(note))?)
}

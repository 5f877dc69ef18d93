//! `navyd doctor`: why localhost itself does not work, row by row, and what mends it.
//!
//! The host reads and judges; here it is drawn, and mended where that is safe. Deliberately absent: any judgement.

mod bundle;
mod draw;
mod fix;
mod outside;

use std::{
    path::PathBuf,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use navyd_model::{ConnectResult, Diagnosis, Target, Why, api::Document};
use serde::Serialize;

use super::{Command, Format, Stage, how::How};
use crate::{
    client::{self, Traced},
    exit::Exit,
    out::{Failure, Screen, Text},
};

/// How often it is shown that something is waited for.
const GLANCE: Duration = Duration::from_millis(200);

/// Say why localhost itself does not work, and what to type
///
/// Addresses, names, resolvers, proxies, limits, the packet filter and what surrounds them. What cannot be read is
/// unknown, and never ok. Nothing is changed unless --fix is given.
#[derive(Debug, clap::Parser)]
#[command(
    name = "doctor",
    after_long_help = "Examples:\n  \
        navyd doctor                        what is wrong, the worst first\n  \
        navyd doctor -v                     every row, also those that are ok\n  \
        navyd doctor 3000                   what stands in the way of one port\n  \
        navyd doctor --fix --dry-run        what would be mended, and what is yours to mend\n  \
        sudo navyd doctor 3000 --trace      watch one connection on its way through the packet filter\n  \
        navyd doctor --bundle report.json   a report without secrets, to attach to a bug\n\n\
        Into a pipe: a row a line, tabs between state, id, summary, what was seen, cause and fix.\n\
        Exit status: 0 nothing is wrong, 1 something warns or fails, 2 wrong use or failure."
)]
pub(super) struct Doctor {
    /// A port, an address with a port, or a URL: only what concerns it
    target: Option<String>,

    /// Also watch a connection on its way through the packet filter, by rules that vanish with it; needs root
    #[arg(long)]
    trace: bool,

    /// Mend what is safe to mend, and say the rest
    #[arg(long, conflicts_with_all = ["target", "bundle"])]
    fix: bool,

    #[command(flatten)]
    how: How,

    /// Also write a report without secrets, names of users and arguments, to attach to a bug
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// The body of `navyd.doctor/1`.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    diagnosis: Diagnosis,
    /// The causes, where one target was asked about.
    why: Option<Why>,
    /// The connections that were watched.
    trace: Option<Vec<Watched>>,
    /// What was mended, or would be.
    mended: Vec<fix::Mended>,
}

/// A connection that was watched on its way.
#[derive(Debug, Serialize)]
struct Watched {
    address: std::net::SocketAddr,
    result: ConnectResult,
    /// The rule that ended it.
    dropped_by: Option<String>,
    /// The rules that it met, in their order.
    rules: Vec<String>,
}

impl Command for Doctor {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let target = self.target.as_deref().map(str::parse::<Target>).transpose().map_err(Failure::from)?;
        let mut report = look(target.as_ref(), &mut stage.screen)?;
        if self.trace {
            report.trace = Some(trace(&report, &mut stage.screen)?);
        }
        if self.fix {
            let steps = fix::plan(&report.diagnosis.checks, &outside::names());
            let mended = fix::carry_out(steps, self.how, stage)?;
            if mended.iter().any(|mended| mended.done) {
                report = look(None, &mut stage.screen)?;
            }
            report.mended = mended;
        }
        if let Some(file) = &self.bundle {
            bundle::write(file, &report.diagnosis)?;
        }
        match stage.format {
            Format::Json => stage.screen.json(&Document::new("doctor", &report))?,
            Format::Jsonl => {
                report.diagnosis.checks.iter().try_for_each(|check| stage.screen.json_line(check))?;
            }
            Format::Text => render(&report, stage.screen.is_verbose(), &mut stage.screen)?,
        }
        if let Some(file) = &self.bundle {
            stage.screen.note(format!(
                "the report is in {}: read it before it leaves this machine",
                file.display()
            ))?;
        }
        Ok(exit(&report))
    }
}

/// Looks, and shows that it still does where something keeps it waiting.
fn look(target: Option<&Target>, screen: &mut Screen) -> anyhow::Result<Report> {
    let target = target.cloned();
    let work = move || match &target {
        None => Ok((None, client::doctor(outside::ask()))),
        Some(target) => {
            client::doctor_of(target, outside::ask()).map(|(why, diagnosis)| (Some(why), diagnosis))
        }
    };
    let (why, diagnosis) = beside(work, screen)??;
    Ok(Report { diagnosis, why, trace: None, mended: Vec::new() })
}

/// Watches connections to the target where connecting was tried, since some listeners take one as an order; without a
/// target, to a listener of navyd's own.
fn trace(report: &Report, screen: &mut Screen) -> anyhow::Result<Vec<Watched>> {
    let tried = report.why.as_ref().map(places);
    if tried.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let traced = beside(move || client::trace(&tried.unwrap_or_default()), screen)??;
    Ok(traced.into_iter().map(Watched::from).collect())
}

/// Does the work on a thread of its own, and shows that it lasts.
fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    screen: &mut Screen,
) -> Result<T, Failure> {
    let begun = Instant::now();
    let mut waiting = || {
        let text = Text::plain("waiting for connections and name servers that do not answer");
        // What cannot be shown does not stop the work.
        drop(screen.progress(begun.elapsed(), &text));
    };
    let failed = |why: String| Failure::new("nothing could be looked at").cause(why).hint("navyd ls");
    let (say, said) = mpsc::channel();
    let started = thread::Builder::new().name("doctor".into()).spawn(move || say.send(work()));
    started.map_err(|error| failed(error.to_string()))?;
    loop {
        match said.recv_timeout(GLANCE) {
            Ok(found) => return Ok(found),
            Err(RecvTimeoutError::Timeout) => waiting(),
            Err(RecvTimeoutError::Disconnected) => return Err(failed("the look ended early".into())),
        }
    }
}

/// The places that connections were made to.
fn places(why: &Why) -> Vec<std::net::SocketAddr> {
    let tried = why.connect.iter().filter(|attempt| attempt.result != ConnectResult::NotTried);
    tried.map(|attempt| attempt.address).collect()
}

fn render(report: &Report, verbose: bool, screen: &mut Screen) -> std::io::Result<()> {
    let look = screen.look();
    if !look.terminal {
        return draw::records(report).iter().try_for_each(|line| screen.print(&(line.clone() + "\n")));
    }
    draw::lines(report, verbose, look.width).iter().try_for_each(|line| screen.line(line))
}

fn exit(report: &Report) -> Exit {
    let ill = report.diagnosis.checks.iter().any(|check| check.state.is_finding());
    let wrong = report.why.as_ref().is_some_and(|why| !why.verdict.is_clean());
    if ill || wrong { Exit::No } else { Exit::Yes }
}

impl Watched {
    /// What came of it, in words.
    fn words(&self) -> &'static str {
        match self.result {
            ConnectResult::Connected => "connected",
            ConnectResult::Refused => "refused",
            ConnectResult::TimedOut => "no answer",
            ConnectResult::Unreachable => "unreachable",
            ConnectResult::Forbidden => "forbidden",
            ConnectResult::SelfConnected => "met itself",
            ConnectResult::NotTried => "not tried",
            ConnectResult::Failed => "failed",
        }
    }
}

impl From<Traced> for Watched {
    fn from(traced: Traced) -> Self {
        let dropped_by = traced.dropped_by().map(|step| step.text.clone());
        let rules = traced.steps.iter().map(|step| step.text.clone()).collect();
        Self { address: traced.to, result: traced.result, dropped_by, rules }
    }
}

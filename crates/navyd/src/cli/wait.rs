//! `navyd wait TARGET… -- CMD…`: until it is ready, then go on.
//!
//! Deliberately absent: how readiness is seen, which the host knows; starting what is waited for; and any
//! watch over CMD, which takes the place of navyd.

mod aims;

use std::{
    ffi::OsString,
    path::PathBuf,
    process::Command as Program,
    time::{Duration, Instant},
};

use navyd_model::api::Document;
use serde::Serialize;

use super::{Command, Format, Stage, duration};
use crate::{
    client::{
        self,
        wait::{Aim, Goal, News, Watch},
    },
    exit::Exit,
    out::{Failure, Screen, Text, Tone},
};
use aims::For;

/// Wait until something listens, answers or is gone, and then run a command
///
/// Whether a port of this machine listens is read from the kernel: nothing connects to the program. Another machine
/// is connected to, and an http:// URL is asked for until it answers with a status from 200 to 399.
#[derive(Debug, clap::Parser)]
#[command(
    name = "wait",
    after_long_help = "Examples:\n  \
        navyd wait 5432 -- npm start             until something listens on 5432\n  \
        navyd wait http://localhost:3000/health  until it answers\n  \
        navyd wait db:5432 redis:6379 --timeout 2m\n  \
        navyd wait /run/app.sock\n  \
        navyd wait --log app.log --match 'ready in'\n  \
        navyd wait 3000 --gone                   until nothing listens any more\n\n\
        TARGET: a port, an address, a URL, a service's name, a unix socket's path; also tcp:HOST:PORT.\n\
        The command takes the place of navyd: its exit status, streams and signals are its own.\n\
        Exit status: 0 ready, 1 the time is up, 2 wrong use or failure; then that of the command."
)]
pub(super) struct Wait {
    /// What to wait for
    #[arg(value_name = "TARGET", required_unless_present = "log")]
    targets: Vec<String>,

    /// How long to wait
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration::parse,
        env = "NAVYD_TIMEOUT", hide_env = true)]
    timeout: Duration,

    /// What counts as ready: listen for ports of this machine, connect for others, http for http:// unless given
    #[arg(long = "for", value_name = "listen|connect|http|log", hide_possible_values = true)]
    wanted: Option<For>,

    /// A file to read until a line has the text of --match
    #[arg(long, value_name = "FILE", requires = "text")]
    log: Option<PathBuf>,

    /// The text to find in the file
    #[arg(id = "text", long = "match", value_name = "TEXT", requires = "log")]
    text: Option<String>,

    /// Until it is gone instead
    #[arg(long, conflicts_with = "log")]
    gone: bool,

    /// Until one of the targets is ready, instead of all
    #[arg(long)]
    any: bool,

    /// What to run then
    #[arg(last = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// The body of `navyd.wait/1`.
#[derive(Debug, Serialize)]
struct Answer {
    met: bool,
    took_ms: u64,
    goals: Vec<State>,
}

/// How one goal stands.
#[derive(Debug, Clone, Serialize)]
struct State {
    target: String,
    #[serde(rename = "for")]
    wanted: &'static str,
    gone: bool,
    met: bool,
    /// When it was met.
    after_ms: Option<u64>,
    /// What is there instead.
    seen: Option<String>,
}

/// How often progress is shown.
const PROGRESS: Duration = Duration::from_millis(200);

impl Command for Wait {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let goals = self.goals()?;
        let answer = self.watch(goals, &mut stage.screen)?;
        match stage.format {
            Format::Text => answer.render(self.timeout, &mut stage.screen)?,
            Format::Json => stage.screen.json(&Document::new("wait", &answer))?,
            Format::Jsonl => answer.goals.iter().try_for_each(|goal| stage.screen.json_line(goal))?,
        }
        if !answer.met {
            return Ok(Exit::No);
        }
        let Some((program, arguments)) = self.command.split_first() else { return Ok(Exit::Yes) };
        stage.screen.flush()?;
        let name = program.to_string_lossy();
        match client::become_program(Program::new(program).args(arguments)) {
            Ok(status) => Ok(Exit::Child(status)),
            Err(error) => Err(Failure::new(format!("`{name}` cannot be run"))
                .cause(error.to_string())
                .hint(format!("command -v {name}"))
                .into()),
        }
    }
}

impl Wait {
    fn goals(&self) -> Result<Vec<(String, Goal)>, Failure> {
        let of_target = |text: &String| {
            let aim = aims::aim(text, self.wanted, self.gone, &client::is_own)?;
            Ok((text.clone(), Goal { aim, gone: self.gone }))
        };
        let mut goals = self.targets.iter().map(of_target).collect::<Result<Vec<_>, Failure>>()?;
        if let (Some(path), Some(text)) = (&self.log, &self.text) {
            let aim = Aim::Log { path: path.clone(), text: text.clone() };
            goals.push((path.to_string_lossy().into_owned(), Goal { aim, gone: false }));
        }
        Ok(goals)
    }

    fn watch(&self, goals: Vec<(String, Goal)>, screen: &mut Screen) -> anyhow::Result<Answer> {
        let started = Instant::now();
        let state = |(target, goal): &(String, Goal)| State {
            target: target.clone(),
            wanted: word(&goal.aim),
            gone: goal.gone,
            met: false,
            after_ms: None,
            seen: None,
        };
        let mut states: Vec<State> = goals.iter().map(state).collect();
        let deadline = started.checked_add(self.timeout).ok_or_else(|| {
            Failure::new("`--timeout` is longer than can be waited").hint("navyd wait 3000 --timeout 1h")
        })?;
        let watch = Watch::start(goals.into_iter().map(|(_, goal)| goal).collect(), deadline);
        while !is_met(&states, self.any) {
            match watch.next(PROGRESS) {
                Some(news) => take(&mut states[news.goal], news),
                // The watchers have had their last look by then, save for one that still connects.
                None if Instant::now() > deadline => break,
                None => {}
            }
            screen.progress(started.elapsed(), &progress(&states, started.elapsed()))?;
        }
        let took_ms = milliseconds(started.elapsed());
        Ok(Answer { met: is_met(&states, self.any), took_ms, goals: states })
    }
}

impl Answer {
    fn render(&self, timeout: Duration, screen: &mut Screen) -> anyhow::Result<()> {
        if self.met {
            for goal in self.goals.iter().filter(|goal| goal.met) {
                let after = goal.after_ms.unwrap_or_default();
                let how = if goal.gone { "gone" } else { "ready" };
                screen.detail(format!("{}: {how} after {after} ms", goal.target))?;
            }
            return Ok(());
        }
        let waited = format!("the time is up after {} s", timeout.as_secs_f64());
        screen.say(&Text::of(Tone::Red, "not ready:").then(Tone::Plain, format!(" {waited}")))?;
        let missing = self.goals.iter().filter(|goal| !goal.met);
        for goal in missing.clone() {
            let seen = goal.seen.as_deref().unwrap_or("not answered in time");
            screen.say(&Text::plain(format!("  {}: {seen}", goal.target)))?;
        }
        if let Some(goal) = missing.clone().find(|goal| matches!(goal.wanted, "listen" | "connect" | "http"))
        {
            screen.hint(&format!("navyd why {}", goal.target))?;
        }
        Ok(())
    }
}

fn is_met(states: &[State], any: bool) -> bool {
    if any { states.iter().any(|state| state.met) } else { states.iter().all(|state| state.met) }
}

fn take(state: &mut State, news: News) {
    state.met = news.met;
    state.after_ms = news.met.then(|| milliseconds(news.after));
    state.seen = (!news.met).then_some(news.seen);
}

/// What is still waited for, in one line.
fn progress(states: &[State], elapsed: Duration) -> Text {
    let missing = states.iter().filter(|state| !state.met).map(|state| match &state.seen {
        Some(seen) => format!("{} ({seen})", state.target),
        None => state.target.clone(),
    });
    let missing = missing.collect::<Vec<_>>().join(", ");
    Text::plain(format!("waiting {} s for {missing}", elapsed.as_secs()))
}

fn word(aim: &Aim) -> &'static str {
    match aim {
        Aim::Listen { .. } | Aim::Unix { .. } => "listen",
        Aim::Connect { .. } | Aim::UnixConnect { .. } => "connect",
        Aim::Http { .. } => "http",
        Aim::Log { .. } => "log",
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(target: &str, met: bool, seen: Option<&str>) -> State {
        let (target, seen) = (target.to_owned(), seen.map(str::to_owned));
        State { target, wanted: "listen", gone: false, met, after_ms: None, seen }
    }

    #[test]
    fn all_or_any() {
        for (met, all, any) in
            [(&[true, true][..], true, true), (&[true, false], false, true), (&[false, false], false, false)]
        {
            let states: Vec<State> = met.iter().map(|met| state("3000", *met, None)).collect();
            assert_eq!((is_met(&states, false), is_met(&states, true)), (all, any), "{met:?}");
        }
    }

    #[test]
    fn progress_names_what_is_missing() {
        let states = [
            state("5432", true, None),
            state("3000", false, Some("nothing listens")),
            state("db:1", false, None),
        ];
        let line = progress(&states, Duration::from_millis(2_900)).flat();
        assert_eq!(line, "waiting 2 s for 3000 (nothing listens), db:1");
    }
}

//! `navyd ls`: the map of this machine's localhost.
//!
//! Arguments as written are resolved once into a [`Plan`]; the plan looks, and the answer is drawn or written.
//! Deliberately absent: any decision about what a socket means, which the host and the pure parts of this
//! folder make.

mod attention;
mod diff;
mod filter;
mod records;
mod routes;
mod rows;
#[cfg(test)]
mod snapshots;
mod watch;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use navyd_model::{Connection, Listener, api::Document};
use serde::Serialize;

#[cfg(test)]
use super::fixture;
use super::{Command, Format, Stage, duration, named, probe};
use crate::{
    client::{self, Me, Scope},
    exit::Exit,
    out::{Failure, Look, Screen, Text, Tone},
};
use filter::{Belongs, Filter, Ports};

/// Show what listens on this machine, and who holds it
///
/// TCP and UDP are shown, unless --tcp, --udp or --unix names what is wanted. What belongs to the current project
/// comes first, then what belongs to you, then the rest by port.
#[derive(Debug, clap::Parser)]
#[command(
    name = "ls",
    after_long_help = "Examples:\n  \
        navyd ls                      everything that listens\n  \
        navyd ls 3000                 what listens on port 3000\n  \
        navyd ls localhost:62893      the same with an address, or a pasted URL\n  \
        navyd ls --exposed            what other machines can reach\n  \
        navyd ls --project            what belongs to the project of this directory\n  \
        navyd ls --watch --jsonl      each change as a line of JSON\n\n\
        ×2 behind an address: so many sockets of one server are there, as workers have that share a port.\n\
        Into a pipe: one socket a line, tabs between the columns, no header, times in RFC 3339.\n\
        Exit status: 0 something listens, 1 nothing does, 2 wrong use or failure."
)]
pub(super) struct Ls {
    /// Only what this names: a port, an address, a URL, a program or a project
    target: Option<String>,

    /// Only TCP
    #[arg(long)]
    tcp: bool,

    /// Only UDP
    #[arg(long)]
    udp: bool,

    /// Only unix sockets
    #[arg(long)]
    unix: bool,

    /// The connections instead, with bytes and round-trip time
    #[arg(long, conflicts_with = "watch")]
    connections: bool,

    /// Only what belongs to you
    #[arg(long, help_heading = "Filters")]
    mine: bool,

    /// Only what belongs to the project of this directory, or to the one named
    #[arg(long, value_name = "NAME", num_args = 0..=1, help_heading = "Filters")]
    project: Option<Option<String>>,

    /// Only what other machines can reach
    #[arg(long, help_heading = "Filters")]
    exposed: bool,

    /// Only these ports: N, N-M, or several with commas
    #[arg(long, value_name = "PORTS", value_delimiter = ',', help_heading = "Filters")]
    port: Vec<Ports>,

    /// Only what these processes hold
    #[arg(long, value_name = "PID", value_delimiter = ',', help_heading = "Filters")]
    pid: Vec<u32>,

    /// Only what is held by something with this in its name
    #[arg(long, value_name = "TEXT", help_heading = "Filters")]
    name: Option<String>,

    /// Ask each listener what it speaks, with harmless bytes; debuggers and one-shot listeners are never touched
    #[arg(long, conflicts_with_all = ["watch", "connections"], env = "NAVYD_PROBE",
        value_parser = clap::builder::BoolishValueParser::new(), hide_env = true)]
    probe: bool,

    /// Show every byte that --probe would send, and send none
    #[arg(long, conflicts_with_all = ["watch", "connections", "probe", "csv", "attention"])]
    show_probes: bool,

    /// Say below the table what deserves attention, at most three things
    #[arg(long, conflicts_with_all = ["watch", "connections"])]
    attention: bool,

    /// Keep watching: redraw, or one event a line when piped
    #[arg(long)]
    watch: bool,

    /// How often to look: 100ms or more
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval,
        env = "NAVYD_INTERVAL", hide_env = true)]
    interval: Duration,

    /// Print comma-separated values
    #[arg(long, conflicts_with_all = ["watch", "json", "jsonl"])]
    csv: bool,
}

/// Looking more often than ten times a second would cost more than it tells.
fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration::parse(text)?;
    if interval < Duration::from_millis(100) { Err("the least is 100ms".into()) } else { Ok(interval) }
}

/// What is wanted, resolved.
#[derive(Debug, Default)]
struct Plan {
    scope: Scope,
    filter: Filter,
    connections: bool,
    attention: bool,
    form: Form,
    me: Me,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Text,
    Json,
    Jsonl,
    Csv,
}

/// What was seen, and the body of `navyd.ls/1`.
#[derive(Debug, Default, Serialize)]
struct Answer {
    listeners: Vec<Listener>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<Vec<Connection>>,
    notes: Vec<String>,
}

impl Command for Ls {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let watched = self.watch.then_some(self.interval);
        let (asked, show_probes) = (self.probe, self.show_probes);
        let plan = self.resolve(stage.format, client::me())?;
        if let Some(interval) = watched {
            return watch::watch(&plan, interval, stage);
        }
        let started = Instant::now();
        let mut answer = plan.look()?;
        if show_probes {
            return plan.show_probes(&answer, &mut stage.screen);
        }
        if asked {
            probe::ask(&mut answer.listeners, &mut stage.screen)?;
        }
        let exit = plan.render(&answer, Timestamp::now(), &mut stage.screen)?;
        stage.screen.detail(format!("took {} ms", started.elapsed().as_millis()))?;
        Ok(exit)
    }
}

impl Ls {
    fn resolve(self, format: Format, me: Me) -> Result<Plan, Failure> {
        let form = match format {
            _ if self.csv => Form::Csv,
            Format::Text => Form::Text,
            Format::Json => Form::Json,
            Format::Jsonl => Form::Jsonl,
        };
        let user = match (self.mine, me.uid) {
            (true, None) => return Err(Failure::new("`--mine` cannot be told: users have no numbers here")),
            (mine, uid) => uid.filter(|_| mine),
        };
        let project = match (self.project, &me.project) {
            (None, _) => None,
            (Some(Some(name)), _) => Some(Belongs::Named(name)),
            (Some(None), Some(root)) => Some(Belongs::Root(root.clone())),
            (Some(None), None) => {
                return Err(Failure::new("`--project` names none")
                    .cause(
                        "this directory belongs to no project: no git repository and no manifest is above it",
                    )
                    .hint("navyd ls --project NAME"));
            }
        };
        let target = self.target.as_deref().map(named::parse).transpose()?;
        let filter = Filter {
            user,
            project,
            exposed: self.exposed,
            ports: self.port,
            pids: self.pid,
            name: self.name,
            target,
        };
        let all = !(self.tcp || self.udp || self.unix);
        let scope = Scope {
            tcp: all || self.tcp,
            udp: all || self.udp,
            unix: self.unix,
            published: true,
            port: filter.only_port(),
            ..Scope::default()
        };
        Ok(Plan { scope, filter, connections: self.connections, attention: self.attention, form, me })
    }
}

impl Plan {
    /// One look at the machine: what is wanted of it, in order.
    fn look(&self) -> Result<Answer, Failure> {
        let mut answer = Answer::default();
        if !self.connections || self.form == Form::Json {
            let seen = client::listeners(&self.scope)?;
            (answer.listeners, answer.notes) = (seen.listeners, seen.notes);
            routes::tell(&mut answer.listeners);
            answer.listeners.retain(|listener| self.filter.keeps(listener));
            answer.notes.extend(client::unnamed(&answer.listeners));
            rows::sort(&mut answer.listeners, &self.me);
        }
        if self.connections {
            // Either end may have the port that is wanted, so the kernel cannot choose by its own.
            let mut connections = client::connections(None)?;
            connections.retain(|connection| self.filter.keeps_connection(connection));
            rows::sort_connections(&mut connections, &self.me);
            answer.connections = Some(connections);
        }
        Ok(answer)
    }

    fn render(&self, answer: &Answer, now: Timestamp, screen: &mut Screen) -> anyhow::Result<Exit> {
        match (self.form, &answer.connections) {
            (Form::Text, Some(connections)) => {
                let drawn = rows::connections(connections, &self.me).draw(&screen.look());
                if !connections.is_empty() {
                    screen.print(&drawn)?;
                }
            }
            (Form::Text, None) => self.draw(answer, now, screen)?,
            (Form::Csv, Some(connections)) => records::connections(screen.answer()?, connections)?,
            (Form::Csv, None) => records::listeners(screen.answer()?, &answer.listeners)?,
            (Form::Json, _) => screen.json(&Document::new("ls", answer))?,
            (Form::Jsonl, Some(connections)) => {
                connections.iter().try_for_each(|connection| screen.json_line(connection))?;
            }
            (Form::Jsonl, None) => {
                answer.listeners.iter().try_for_each(|listener| screen.json_line(listener))?;
            }
        }
        // The document has the notes in it.
        if self.form != Form::Json {
            for note in &answer.notes {
                screen.note(note)?;
            }
        }
        let found = answer.connections.as_ref().map_or(answer.listeners.len(), Vec::len);
        if found > 0 {
            return Ok(Exit::Yes);
        }
        self.nothing(screen)?;
        Ok(Exit::No)
    }

    fn draw(&self, answer: &Answer, now: Timestamp, screen: &mut Screen) -> anyhow::Result<()> {
        if answer.listeners.is_empty() {
            return Ok(());
        }
        let look = screen.look();
        let rows =
            if look.terminal { rows::folded(&answer.listeners) } else { rows::each(&answer.listeners) };
        screen.print(&rows::listeners(&rows, &self.me, now).draw(&look))?;
        // A program reads rows, and these are none.
        if !self.attention || !look.terminal {
            return Ok(());
        }
        for (at, one) in attention::attention(&answer.listeners).into_iter().enumerate() {
            if at == 0 {
                screen.print("\n")?;
            }
            let line = Text::of(Tone::Yellow, "! ").then(Tone::Plain, one.what).then(Tone::Dim, ": ");
            screen.line(&line.then(Tone::Green, one.command))?;
        }
        Ok(())
    }

    fn show_probes(&self, answer: &Answer, screen: &mut Screen) -> anyhow::Result<Exit> {
        let planned = probe::plan(&answer.listeners);
        match self.form {
            Form::Json => screen.json(&probe::document(&planned))?,
            Form::Jsonl => planned.iter().try_for_each(|listener| screen.json_line(listener))?,
            Form::Text | Form::Csv => {
                // Every byte is promised: the lines may be wider than the terminal.
                let drawn = probe::draw(&planned, &Look { width: None, ..screen.look() });
                screen.print(if planned.is_empty() { "" } else { &drawn })?;
            }
        }
        if !planned.is_empty() {
            return Ok(Exit::Yes);
        }
        self.nothing(screen)?;
        Ok(Exit::No)
    }

    /// Says that there is nothing to show, and what to type instead.
    fn nothing(&self, screen: &mut Screen) -> anyhow::Result<()> {
        let what = if self.connections { "connection" } else { "listener" };
        if self.filter == Filter::default() {
            screen.say(&Text::plain(format!("no {what} was found")))?;
            return Ok(());
        }
        screen.say(&Text::plain(format!("no {what} matches")))?;
        match self.filter.only_port() {
            Some(port) => screen.hint(&format!("`navyd why {port}` tells whether the port can be bound"))?,
            None => screen.hint("`navyd ls` shows everything that listens")?,
        }
        Ok(())
    }
}

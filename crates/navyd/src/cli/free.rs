//! `navyd free PORT…`: give a port back by stopping what holds it, and nothing else.
//!
//! Plans first, says the plan, asks, acts, and proves the end by a real bind. Deliberately absent: how a process
//! is stopped and what is never stopped, which the host knows.

use std::{net::IpAddr, time::Duration};

use navyd_model::{
    Protocol, Target,
    api::Document,
    free::{Freed, Outcome, Victim},
    target::Host,
};
use serde::Serialize;

use super::{Command, Format, Stage, duration, how::How};
use crate::{
    client::{self, Manner, Plan, Wanted},
    exit::Exit,
    out::{Answer, Failure, Screen, Text, Tone},
};

/// Stop what holds a port, and prove that it is free
///
/// Only what listens on the port is stopped, never a client that talks to it. A process that a supervisor keeps is
/// stopped through that supervisor. Pid 1, navyd and its parents, sshd and the container engine are never stopped.
#[derive(Debug, clap::Parser)]
#[command(
    name = "free",
    after_long_help = "Examples:\n  \
        navyd free 3000                say what holds port 3000, ask, and stop it\n  \
        navyd free 3000 --dry-run      only say it\n  \
        navyd free 3000 8080 --yes     without asking, for scripts\n  \
        navyd free 5353/udp\n  \
        navyd free 3000 --force        kill what ignores the request to end\n\n\
        Exit status: 0 free, 1 not free or not agreed to, 2 wrong use or failure."
)]
pub(super) struct Free {
    /// The ports: 3000, 127.0.0.1:3000, 5353/udp
    #[arg(required = true, value_name = "PORT")]
    targets: Vec<String>,

    #[command(flatten)]
    how: How,

    /// Kill what does not end by itself
    #[arg(long)]
    force: bool,

    /// How long a process may take to end
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration::parse)]
    timeout: Duration,
}

/// The characters of a command line that are shown.
const LONGEST: usize = 100;

/// The body of `navyd.free/1`.
#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    ports: Vec<Freed>,
}

impl Command for Free {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let wanted = self.targets.iter().map(|text| wanted(text)).collect::<Result<Vec<_>, _>>()?;
        let mut plans = wanted.into_iter().map(client::plan_free).collect::<Result<Vec<_>, _>>()?;
        let text = stage.format == Format::Text;
        if !self.how.dry_run && plans.iter().any(is_planned) {
            say_plans(&plans, &mut stage.screen)?;
            if !self.how.yes && !agreed(&plans, &mut stage.screen)? {
                return Ok(Exit::No);
            }
        } else if self.how.dry_run && text {
            for line in plans.iter().flat_map(|plan| describe(&plan.freed)) {
                stage.screen.line(&line)?;
            }
        }
        let manner = Manner { force: self.force, patience: self.timeout };
        let mut ports = Vec::new();
        for plan in plans.drain(..) {
            ports.push(if self.how.dry_run { plan.freed } else { client::free(plan, manner)? });
        }
        let exit = ports.iter().map(|freed| exit(freed, self.how.dry_run)).find(|exit| *exit == Exit::No);
        let report = Report { dry_run: self.how.dry_run, ports };
        match stage.format {
            Format::Text if self.how.dry_run => {}
            Format::Text => render(&report.ports, &mut stage.screen)?,
            Format::Json => stage.screen.json(&Document::new("free", report))?,
            Format::Jsonl => {
                for freed in &report.ports {
                    stage.screen.json_line(freed)?;
                }
            }
        }
        Ok(exit.unwrap_or(Exit::Yes))
    }
}

/// What a typed target means here: a port, and perhaps one address of this machine.
fn wanted(text: &str) -> Result<Wanted, Failure> {
    let target: Target = text.parse().map_err(Failure::from)?;
    let port = target.port.ok_or_else(|| {
        Failure::new(format!("`{text}` names no port")).hint(format!("navyd free 3000, or navyd why {text}"))
    })?;
    let address: Option<IpAddr> = match target.host {
        None => None,
        Some(Host::Address(address)) => Some(address),
        Some(Host::Name(name)) if name == "localhost" || name.ends_with(".localhost") => None,
        Some(Host::Name(name)) => {
            return Err(Failure::new(format!(
                "`{name}` is a name, and ports are freed on this machine only"
            ))
            .hint(format!("navyd free {port}")));
        }
    };
    Ok(Wanted { port, proto: target.proto.unwrap_or(Protocol::Tcp), address })
}

fn is_planned(plan: &Plan) -> bool {
    plan.freed.outcome == Outcome::Planned
}

fn agreed(plans: &[Plan], screen: &mut Screen) -> anyhow::Result<bool> {
    let count = plans.iter().filter(|plan| is_planned(plan)).count();
    let question =
        if count == 1 { "free this port?".to_owned() } else { format!("free these {count} ports?") };
    match screen.ask(&question)? {
        Answer::Yes => Ok(true),
        Answer::No => Ok(false),
        Answer::Nobody => {
            let ports: Vec<String> = plans.iter().map(|plan| label(&plan.freed)).collect();
            Err(Failure::new("nothing was stopped: there is no terminal to ask on")
                .hint(format!("navyd free {} --yes", ports.join(" ")))
                .into())
        }
    }
}

fn say_plans(plans: &[Plan], screen: &mut Screen) -> anyhow::Result<()> {
    for line in plans.iter().filter(|plan| is_planned(plan)).flat_map(|plan| describe(&plan.freed)) {
        screen.say(&line)?;
    }
    Ok(())
}

/// The plan: one line of what is there, then what would be done and lost.
fn describe(freed: &Freed) -> Vec<Text> {
    let mut lines = vec![Text::plain(&freed.summary)];
    let mut row = |word: &str, text: &str| {
        lines.push(Text::of(Tone::Dim, format!("  {word:<9}")).then(Tone::Plain, text));
    };
    let planned = freed.outcome == Outcome::Planned;
    let is_victim = |pid: u32| freed.victims.iter().any(|victim| victim.holder.pid == pid);
    let mut shown = None;
    for victim in &freed.victims {
        let through = victim.supervisor.as_ref().and_then(|known| known.stop_command.as_deref());
        match through {
            Some(command) if planned => row("runs", command),
            _ if planned => row("stops", &command_of(victim)),
            _ => row("held by", &command_of(victim)),
        }
        // The workers of one server share their project: it is said once.
        let project = victim.holder.project.as_ref();
        if let Some(project) = project.filter(|project| shown != Some(&project.root)) {
            row("of", &project.root);
            shown = Some(&project.root);
        }
        for child in victim.children.iter().filter(|child| !is_victim(child.pid)) {
            row("child", &format!("{} (pid {})", child.name, child.pid));
        }
        for place in &victim.also_listens {
            row("also", &format!("{place} goes with it"));
        }
        if let Some(supervisor) = &victim.supervisor {
            row("kept by", &supervisor.name);
        }
    }
    if let Some(hint) = &freed.hint {
        row("type", hint);
    }
    lines
}

/// `pid 812  node server.js`.
fn command_of(victim: &Victim) -> String {
    let argv = victim.holder.argv.as_ref().filter(|argv| !argv.is_empty());
    let command = argv.map_or_else(|| victim.holder.name.clone(), |argv| argv.join(" "));
    // Whoever wants all of it asks for JSON.
    let cut = command.char_indices().nth(LONGEST).map_or(command.len(), |(at, _)| at);
    let more = if cut < command.len() { "…" } else { "" };
    format!("pid {}  {}{more}", victim.holder.pid, &command[..cut])
}

fn render(ports: &[Freed], screen: &mut Screen) -> anyhow::Result<()> {
    for freed in ports {
        let tone = if exit(freed, false) == Exit::Yes { Tone::Plain } else { Tone::Red };
        screen.line(&Text::of(tone, &freed.summary))?;
    }
    for hint in ports.iter().filter_map(|freed| freed.hint.as_ref()) {
        screen.hint(hint)?;
    }
    Ok(())
}

fn exit(freed: &Freed, dry_run: bool) -> Exit {
    match freed.outcome {
        Outcome::AlreadyFree | Outcome::Freed => Exit::Yes,
        Outcome::Planned if dry_run => Exit::Yes,
        _ => Exit::No,
    }
}

/// `3000`, `5353/udp`.
fn label(freed: &Freed) -> String {
    match freed.proto {
        Protocol::Udp => format!("{}/udp", freed.port),
        _ => freed.port.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_port_of_this_machine() {
        let check = |text: &str, port, proto, address: Option<&str>| {
            let address = address.map(|address| address.parse().unwrap());
            assert_eq!(wanted(text), Ok(Wanted { port, proto, address }), "{text}");
        };
        check("3000", 3000, Protocol::Tcp, None);
        check("localhost:3000", 3000, Protocol::Tcp, None);
        check("http://shop.localhost:3000/x", 3000, Protocol::Tcp, None);
        check("127.0.0.1:3000", 3000, Protocol::Tcp, Some("127.0.0.1"));
        check("[::1]:3000", 3000, Protocol::Tcp, Some("::1"));
        check("5353/udp", 5353, Protocol::Udp, None);
        for text in ["0", "65536", "abc", "example.com:80", "127.0.0.1"] {
            assert!(wanted(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_free_port_is_a_yes() {
        for (outcome, expected) in [
            (Outcome::AlreadyFree, Exit::Yes),
            (Outcome::Freed, Exit::Yes),
            (Outcome::Planned, Exit::No),
            (Outcome::Respawned, Exit::No),
            (Outcome::StillHeld, Exit::No),
            (Outcome::Supervised, Exit::No),
            (Outcome::Refused, Exit::No),
        ] {
            let freed = Freed {
                port: 3000,
                proto: Protocol::Tcp,
                victims: Vec::new(),
                listeners: Vec::new(),
                outcome,
                summary: String::new(),
                hint: None,
            };
            assert_eq!(exit(&freed, false), expected);
        }
    }
}

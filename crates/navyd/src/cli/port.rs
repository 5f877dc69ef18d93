//! `navyd port`: a port to use.
//!
//! Deliberately absent: which ports are good and whether one is free, which the host knows, and any promise
//! that the port stays free.

use navyd_model::{Listener, Project, api::Document};
use serde::Serialize;

use super::{Command, Format, Stage};
use crate::{
    client::{
        self, Scope,
        port::{self, Objection, Rules, Wish},
    },
    exit::Exit,
    out::{Failure, Text},
};

/// Find a port that can be bound
///
/// The port can be bound on 127.0.0.1, ::1 and all addresses at this moment. It lies outside the range of
/// outgoing connections and what the system reserves, and browsers open it. Without --near or --stable it is
/// one of 10000 to 19999, chosen at random so that two who ask at once seldom get the same.
///
/// A stable port is the same each time for the same name, project directory and branch, also while it is held:
/// one of 20000 to 29999.
#[derive(Debug, clap::Parser)]
#[command(
    name = "port",
    after_long_help = "Examples:\n  \
        navyd port                          any free port\n  \
        navyd port --near 3000              3000, or the next free one\n  \
        navyd port --count 3                three different ones, one a line\n  \
        PORT=$(navyd port --stable web) npm run dev\n\n\
        Exit status: 0 found, 1 not enough free ports, 2 wrong use or failure."
)]
pub(super) struct Port {
    /// This port, else the next above, else the next below
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    near: Option<u16>,

    /// How many ports
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,

    /// The port that belongs to this name in this project, on this branch
    #[arg(long, value_name = "NAME", conflicts_with_all = ["near", "count"])]
    stable: Option<String>,
}

/// The body of `navyd.port/1`.
#[derive(Debug, Serialize)]
struct Answer {
    ports: Vec<Found>,
    stable: Option<Stable>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Found {
    port: u16,
    free: bool,
    objection: Option<Objection>,
    held_by: Vec<Held>,
}

#[derive(Debug, Serialize)]
struct Held {
    pid: u32,
    name: String,
}

/// What a stable port was made of.
#[derive(Debug, Serialize)]
struct Stable {
    name: String,
    project: String,
    branch: Option<String>,
}

impl Command for Port {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let rules = Rules::here();
        let answer = match self.stable {
            Some(name) => stable(name, client::project(), &rules)?,
            None => pick(self.near, usize::from(self.count), &rules)?,
        };
        match stage.format {
            Format::Text => {
                for found in &answer.ports {
                    stage.screen.line(&Text::plain(found.port.to_string()))?;
                }
            }
            Format::Json => stage.screen.json(&Document::new("port", &answer))?,
            Format::Jsonl => answer.ports.iter().try_for_each(|found| stage.screen.json_line(found))?,
        }
        if stage.format != Format::Json {
            answer.notes.iter().try_for_each(|note| stage.screen.note(note))?;
        }
        if answer.stable.is_none() && answer.ports.len() < usize::from(self.count) {
            let failure = Failure::new(format!("only `{}` ports are free", answer.ports.len()))
                .cause("every other one is held, reserved, or in need of a privilege")
                .hint("navyd ls");
            stage.screen.fail(&failure)?;
            return Ok(Exit::No);
        }
        Ok(Exit::Yes)
    }
}

fn pick(near: Option<u16>, count: usize, rules: &Rules) -> Result<Answer, Failure> {
    let wish = near.map_or(Wish::Anywhere, Wish::Near);
    let ports: Vec<Found> = port::pick(&wish, count, rules)
        .into_iter()
        .map(|port| Found { port, free: true, objection: rules.objection(port), held_by: Vec::new() })
        .collect();
    let mut notes = Vec::new();
    if let Some(wanted) = near.filter(|wanted| ports.iter().all(|found| found.port != *wanted)) {
        let why = match rules.objection(wanted) {
            Some(objection) => objection.to_string(),
            None => format!("is held{}", by(&holders(wanted)?)),
        };
        notes.push(format!("`{wanted}` {why}"));
    }
    notes.extend(ephemeral(&ports, rules));
    Ok(Answer { ports, stable: None, notes })
}

fn stable(name: String, project: Option<Project>, rules: &Rules) -> Result<Answer, Failure> {
    let (project, branch) = match project {
        Some(project) => (project.root, project.branch),
        // Outside of any project the directory itself stands for one.
        None => {
            let here = std::env::current_dir().map_err(|error| {
                Failure::new("the `working directory` cannot be read").cause(error.to_string()).hint("cd ~")
            })?;
            (here.to_string_lossy().into_owned(), None)
        }
    };
    let port = port::stable(&project, &name, branch.as_deref(), rules).ok_or_else(|| {
        Failure::new(format!("`{name}` has no port"))
            .cause("this system reserves every port from 20000 to 29999")
            .hint("sysctl net.ipv4.ip_local_reserved_ports")
    })?;
    let free = port::is_free(port);
    let held_by = if free { Vec::new() } else { holders(port)? };
    let mut notes = Vec::new();
    if !free {
        notes.push(format!("`{port}` is held now{}", by(&held_by)));
    }
    let ports = vec![Found { port, free, objection: rules.objection(port), held_by }];
    notes.extend(ephemeral(&ports, rules));
    Ok(Answer { ports, stable: Some(Stable { name, project, branch }), notes })
}

/// What to say when the ephemeral range left nothing better.
fn ephemeral(ports: &[Found], rules: &Rules) -> Option<String> {
    let found = ports.iter().find(|found| found.objection == Some(Objection::EphemeralRange))?;
    let range = rules.ephemeral.as_ref()?;
    let (first, last) = (range.start(), range.end());
    Some(format!("`{}` {}: {first} to {last}", found.port, Objection::EphemeralRange))
}

fn holders(port: u16) -> Result<Vec<Held>, Failure> {
    let scope = Scope { udp: false, namespaces: false, port: Some(port), ..Scope::default() };
    let seen = client::listeners(&scope)?;
    Ok(seen.listeners.iter().flat_map(held).collect())
}

fn held(listener: &Listener) -> impl Iterator<Item = Held> + '_ {
    listener.holders.iter().map(|holder| Held { pid: holder.pid, name: holder.name.clone() })
}

/// ` by …`; nothing when nobody that may be seen holds it.
fn by(holders: &[Held]) -> String {
    match holders {
        [] => String::new(),
        [one] => format!(" by `{}` (pid {})", one.name, one.pid),
        [one, more @ ..] => format!(" by `{}` (pid {}) and {} more", one.name, one.pid, more.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(port: u16, objection: Option<Objection>) -> Found {
        Found { port, free: true, objection, held_by: Vec::new() }
    }

    #[test]
    fn the_ephemeral_range_is_said_where_it_matters() {
        let rules = Rules { ephemeral: Some(1024..=65535), reserved: Vec::new(), lowest: 1024 };
        assert_eq!(ephemeral(&[found(12_000, None)], &rules), None);
        let said = ephemeral(&[found(12_000, Some(Objection::EphemeralRange))], &rules).unwrap();
        assert!(said.starts_with("`12000` is in the range") && said.ends_with("1024 to 65535"), "{said}");
    }

    #[test]
    fn holders_in_words() {
        let held = |pid| Held { pid, name: "node".into() };
        assert_eq!(by(&[]), "");
        assert_eq!(by(&[held(1)]), " by `node` (pid 1)");
        assert_eq!(by(&[held(1), held(2), held(3)]), " by `node` (pid 1) and 2 more");
    }
}

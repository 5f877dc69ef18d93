//! `navyd scan [HOST]`: which ports answer, and whether the kernel agrees.
//!
//! Deliberately absent: how a port is asked and what the kernel's list means, which the host knows.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use navyd_model::{Target, api::Document, target::Host};
use serde::Serialize;

use super::{Command, Format, Stage, duration};
use crate::{
    client::{
        self,
        scanning::{self, Differs, Open, Request},
    },
    exit::Exit,
    out::{Align, Column, Failure, Screen, Table, Text, Tone},
};

/// Find the open ports of this machine, and hold them against the kernel's list
///
/// Each port is connected to, and no byte is sent. On this machine the answers are held against the sockets that
/// the kernel lists: a port that answers without a socket is redirected, a socket that does not answer is behind a
/// firewall or stuck. Debuggers and listeners for one single caller are listed without being connected to.
///
/// Only addresses of this machine are scanned, unless --anywhere says that you may scan others.
#[derive(Debug, clap::Parser)]
#[command(
    name = "scan",
    after_long_help = "Examples:\n  \
        navyd scan                               every port of 127.0.0.1\n  \
        navyd scan localhost                     of 127.0.0.1 and ::1\n  \
        navyd scan 127.0.0.2 --ports 80,8000-9000\n  \
        navyd scan 192.168.1.20 --anywhere       the common ports of another machine\n\n\
        PORTS: 80 · 80,443 · 8000-9000 · 49152- · all · common. Without --ports: all of this machine's, the\n\
        common ones of another.\n\
        Exit status: 0 something is open, 1 nothing is, 2 wrong use or failure."
)]
pub(super) struct Scan {
    /// An address or name
    #[arg(default_value = "127.0.0.1")]
    host: String,

    /// Which ports
    #[arg(long, short, value_name = "PORTS", value_parser = Ports::parse)]
    ports: Option<Ports>,

    /// Scan a machine that is not this one: only with its owner's consent
    #[arg(long)]
    anywhere: bool,

    /// How long a port may take to answer: 1s here, 3s elsewhere
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    timeout: Option<Duration>,
}

/// A list of ports, as clap may carry it.
#[derive(Debug, Clone)]
struct Ports(Vec<u16>);

impl Ports {
    fn parse(text: &str) -> Result<Self, scanning::PortsError> {
        scanning::parse(text).map(Self)
    }
}

/// The body of `navyd.scan/1`.
#[derive(Debug, Default, Serialize)]
struct Answer {
    host: String,
    addresses: Vec<IpAddr>,
    ports_scanned: usize,
    open: Vec<Open>,
    differs: Vec<Differs>,
    closed: usize,
    silent: usize,
    unreachable: usize,
    took_ms: u64,
    notes: Vec<String>,
}

const COLUMNS: &[Column] = &[
    Column { header: "ADDRESS", align: Align::Left, importance: 9, least: 16 },
    Column { header: "NAME", align: Align::Left, importance: 5, least: 8 },
    Column { header: "HOLDER", align: Align::Left, importance: 8, least: 12 },
    Column { header: "NOTE", align: Align::Left, importance: 6, least: 16 },
];

impl Command for Scan {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let started = Instant::now();
        let mut answer = Answer { host: self.host.clone(), ..Answer::default() };
        for request in self.resolve()? {
            let all = request.ports.len();
            let screen = &mut stage.screen;
            let address = request.address;
            let mut progress = |done| {
                // When stderr is gone there is nobody to tell.
                drop(screen.progress(started.elapsed(), &bar(address, done, all)));
            };
            let scan = client::scan(&request, &mut progress).map_err(|error| {
                Failure::new(format!("`{address}` cannot be scanned"))
                    .cause(error.to_string())
                    .hint("ulimit -n")
            })?;
            answer.add(&request, scan);
        }
        answer.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        answer.render(stage)
    }
}

impl Scan {
    fn resolve(self) -> Result<Vec<Request>, Failure> {
        let addresses = addresses(&self.host)?;
        let mut requests = Vec::new();
        for address in addresses {
            let own = client::is_own(address)?;
            if !own && !self.anywhere {
                return Err(Failure::new(format!("`{address}` is not an address of this machine"))
                    .cause("scanning another machine needs the consent of its owner")
                    .hint(format!("navyd scan {} --anywhere", self.host)));
            }
            let ports = match (&self.ports, own) {
                (Some(Ports(ports)), _) => ports.clone(),
                (None, true) => (1..=u16::MAX).collect(),
                (None, false) => scanning::common().collect(),
            };
            let timeout = self.timeout.unwrap_or(Duration::from_secs(if own { 1 } else { 3 }));
            requests.push(Request { address, own, ports, timeout });
        }
        Ok(requests)
    }
}

/// The addresses of what was typed: `localhost` has two, and another name all that it resolves to.
fn addresses(text: &str) -> Result<Vec<IpAddr>, Failure> {
    let target: Target = text.parse().map_err(Failure::from)?;
    let loopback = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    match target.host {
        None => Err(Failure::new(format!("`{text}` is a port, and a host is scanned"))
            .hint(format!("navyd scan --ports {text}"))),
        Some(_) if target.port.is_some() && target.scheme.is_none() => {
            let (port, host) = (target.port.unwrap_or_default(), target.host.map(|host| host.to_string()));
            Err(Failure::new(format!("`{text}` is a host and a port"))
                .hint(format!("navyd scan {} --ports {port}", host.unwrap_or_default())))
        }
        Some(Host::Address(address)) if address.is_unspecified() => {
            Err(Failure::new(format!("`{text}` stands for every address")).hint("navyd scan localhost"))
        }
        Some(Host::Address(address)) => Ok(vec![address]),
        Some(Host::Name(name)) if name == "localhost" || name.ends_with(".localhost") => Ok(loopback),
        Some(Host::Name(name)) => {
            let found = (name.as_str(), 0).to_socket_addrs().map_err(|error| {
                Failure::new(format!("`{name}` cannot be resolved"))
                    .cause(error.to_string())
                    .hint("navyd scan 127.0.0.1")
            })?;
            Ok(found
                .map(|address| address.ip().to_canonical())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect())
        }
    }
}

impl Answer {
    fn add(&mut self, request: &Request, scan: scanning::Scan) {
        self.addresses.push(request.address);
        self.ports_scanned += request.ports.len();
        self.open.extend(scan.open);
        self.differs.extend(scan.differs);
        self.closed += scan.closed;
        self.silent += scan.silent;
        self.unreachable += scan.unreachable;
        // Two addresses of one machine have the same to say.
        for note in scan.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    fn render(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let exit = if self.open.is_empty() { Exit::No } else { Exit::Yes };
        match stage.format {
            Format::Json => stage.screen.json(&Document::new("scan", &self))?,
            Format::Jsonl => self.open.iter().try_for_each(|open| stage.screen.json_line(open))?,
            Format::Text => self.draw(&mut stage.screen)?,
        }
        if stage.format != Format::Json {
            self.notes.iter().try_for_each(|note| stage.screen.note(note))?;
        }
        Ok(exit)
    }

    fn draw(&self, screen: &mut Screen) -> anyhow::Result<()> {
        let mut table = Table::new(COLUMNS);
        for open in &self.open {
            table.push(row(open));
        }
        if !self.open.is_empty() {
            let drawn = table.draw(&screen.look());
            screen.print(&drawn)?;
        }
        for differs in &self.differs {
            let place = std::net::SocketAddr::new(differs.address, differs.port);
            screen.say(
                &Text::of(Tone::Yellow, "differs:")
                    .then(Tone::Plain, format!(" {place}: {}", differs.evidence)),
            )?;
        }
        if let Some(line) = self.summary() {
            screen.say(&Text::of(Tone::Dim, line))?;
        }
        if let Some(differs) = self.differs.first() {
            screen.hint(&format!("navyd why {}", differs.port))?;
        }
        Ok(())
    }

    /// How many ports did what.
    fn summary(&self) -> Option<String> {
        let counts = [
            (self.open.len(), "open"),
            (self.closed, "closed"),
            (self.silent, "silent"),
            (self.unreachable, "unreachable"),
        ];
        let told: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!told.is_empty()).then(|| format!("{} in {} ms", told.join(", "), self.took_ms))
    }
}

fn row(open: &Open) -> Vec<Text> {
    let place = std::net::SocketAddr::new(open.address, open.port).to_string();
    let name = open.names.usually.as_ref().or(open.names.iana.as_ref());
    let holder = match open.holders.as_slice() {
        [] => Text::default(),
        [one] => Text::plain(format!("{} {}", one.name, one.pid)),
        [one, more @ ..] => {
            Text::plain(format!("{} {}", one.name, one.pid)).then(Tone::Dim, format!(" +{}", more.len()))
        }
    };
    let note = match (&open.left_alone, open.listed) {
        (Some(reason), _) => format!("not connected to: {reason}"),
        (None, Some(false)) => "no socket listens here".into(),
        (None, _) => String::new(),
    };
    vec![place.into(), name.cloned().unwrap_or_default().into(), holder, Text::of(Tone::Yellow, note)]
}

/// How far a scan is, for a person who waits.
fn bar(address: IpAddr, done: usize, all: usize) -> Text {
    const WIDTH: usize = 30;
    let filled = (done * WIDTH).checked_div(all).unwrap_or(WIDTH).min(WIDTH);
    let bar = format!("{}{}", "#".repeat(filled), ".".repeat(WIDTH - filled));
    Text::plain(format!("scanning {address} [{bar}] {done} of {all} ports"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (text, expected) in [
            ("127.0.0.1", &["127.0.0.1"][..]),
            ("127.2", &["127.0.0.2"]),
            ("::1", &["::1"]),
            ("localhost", &["127.0.0.1", "::1"]),
            ("shop.localhost", &["127.0.0.1", "::1"]),
            ("http://localhost/x", &["127.0.0.1", "::1"]),
        ] {
            let expected: Vec<IpAddr> = expected.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(addresses(text), Ok(expected), "{text}");
        }
        for (text, hint) in [
            ("3000", "navyd scan --ports 3000"),
            ("127.0.0.1:80", "navyd scan 127.0.0.1 --ports 80"),
            ("0.0.0.0", "navyd scan localhost"),
            ("::", "navyd scan localhost"),
        ] {
            let failure = addresses(text).unwrap_err();
            assert!(format!("{failure:?}").contains(hint), "{text}: {failure:?}");
        }
    }

    #[test]
    fn progress_in_words() {
        let address = Ipv4Addr::LOCALHOST.into();
        for (done, all, expected) in [
            (0, 100, "[..............................] 0 of 100"),
            (50, 100, "[###############...............] 50 of 100"),
            (100, 100, "[##############################] 100 of 100"),
            (0, 0, "[##############################] 0 of 0"),
        ] {
            assert_eq!(bar(address, done, all).flat(), format!("scanning 127.0.0.1 {expected} ports"));
        }
    }
}

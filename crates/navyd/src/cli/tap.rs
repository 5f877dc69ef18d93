//! `navyd tap`: a listener in front of any port, for as long as it runs.
//!
//! Deliberately absent: moving and reading bytes, which the hub does; it takes the listener away when this ends, however
//! it ends.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::mpsc::sync_channel,
};

use navyd_model::{
    Protocol as Transport, Target,
    api::Document,
    exchange::Protocol,
    tap::{NewTap, Tap as Opened},
    target::Host,
};

use super::{Command, Format, Stage, exchanges};
use crate::{
    client,
    exit::Exit,
    hub,
    interrupt::Interrupt,
    out::{Failure, Text, Tone},
};

/// Watch what passes to a port: databases, caches and whatever else you cannot give a name
///
/// A listener is put in front of the port, for as long as this runs; what you point at it is carried to the port, read,
/// and shown. It is recorded as well: `navyd traffic` finds it later.
#[derive(Debug, clap::Parser)]
#[command(
    name = "tap",
    after_long_help = "Examples:\n  \
        navyd tap 5432                    any free port; connect your program there instead of to 5432\n  \
        navyd tap 5432 --listen 15432\n  \
        navyd tap 127.0.0.1:6380 --as redis\n  \
        navyd tap 5353/udp --as dns\n  \
        navyd tap 5432 -n 10 --jsonl      the address first, then ten exchanges\n\n\
        Exit status: 0 as many passed as were asked for, 2 wrong use or failure, 130 you ended it."
)]
pub(super) struct Tap {
    /// What to watch: a port or an address of this machine
    #[arg(value_name = "TARGET")]
    target: String,

    /// Where to listen: a port, or an address with one; any that is free without it
    #[arg(long, value_name = "PORT", value_parser = listen)]
    listen: Option<SocketAddr>,

    /// What is spoken there; what the port is usually for without it
    #[arg(long = "as", value_name = "PROTOCOL", value_parser = protocol)]
    protocol: Option<Protocol>,

    /// End after so many exchanges
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
}

/// What a port can be read as.
const PROTOCOLS: [Protocol; 7] = [
    Protocol::Postgres,
    Protocol::Mysql,
    Protocol::Redis,
    Protocol::Http,
    Protocol::Dns,
    Protocol::Tcp,
    Protocol::Udp,
];

/// Events that wait to be printed. Behind them the hub's own queue fills, which tells what it drops.
const AHEAD: usize = 64;

impl Command for Tap {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let wanted = Wanted::of(&self.target)?;
        let listening = if wanted.address.is_none() { own_addresses(wanted.port) } else { Vec::new() };
        let protocol = self.protocol.or(wanted.is_udp.then_some(Protocol::Udp));
        let target = wanted.address(&listening).to_string();
        let target = if wanted.is_udp { format!("udp://{target}") } else { target };
        let new = NewTap { target, listen: self.listen, read_as: protocol };
        let lease = hub::ensure()?.open_tap(&new).map_err(Failure::from)?;
        let opened = lease.tap;

        let (tell, news) = sync_channel(AHEAD);
        let stop = tell.clone();
        // Whoever is told has gone when this fails.
        Interrupt::calling(move || drop(stop.try_send(exchanges::News::Stop)))?;
        // The listener ends with this stream, and the stream with the process.
        exchanges::watch(lease.passing, tell);

        greet(&opened, stage)?;
        let most = self.count.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let (exit, shown) = exchanges::show(&news, most, stage)?;
        stage.screen.say(&Text::of(Tone::Dim, format!("{shown} passed; `{}` is gone", opened.listen)))?;
        Ok(exit)
    }
}

/// Says where it listens: to a person in the conversation, to a program as the first line.
fn greet(opened: &Opened, stage: &mut Stage) -> anyhow::Result<()> {
    if stage.format != Format::Text {
        stage.screen.json_line(&Document::new("tap", opened))?;
        stage.screen.flush()?;
        return Ok(());
    }
    let line = Text::of(Tone::Bold, opened.listen.to_string())
        .then(Tone::Plain, format!(" → {}, read as {}; Control-C ends it", opened.to, opened.read_as));
    stage.screen.say(&line)?;
    if let Some(line) = connect(opened) {
        stage.screen.hint(&line)?;
    }
    Ok(())
}

/// What to type to talk to it.
fn connect(opened: &Opened) -> Option<String> {
    let (ip, port) = (opened.listen.ip(), opened.listen.port());
    match opened.read_as {
        Protocol::Postgres => Some(format!("psql -h {ip} -p {port}")),
        Protocol::Mysql => Some(format!("mysql -h {ip} -P {port}")),
        Protocol::Redis => Some(format!("redis-cli -h {ip} -p {port}")),
        Protocol::Http => Some(format!("curl http://{}/", opened.listen)),
        Protocol::Dns => Some(format!("dig @{ip} -p {port} localhost")),
        _ => None,
    }
}

/// What is to be watched, as typed.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    port: u16,
    /// `None` when only a port was named.
    address: Option<IpAddr>,
    is_udp: bool,
}

impl Wanted {
    fn of(typed: &str) -> Result<Self, Failure> {
        let target: Target = typed.parse().map_err(Failure::from)?;
        let port = target.port.ok_or_else(|| {
            Failure::new(format!("`{typed}` names no port"))
                .cause("what has a name is recorded already, if it goes through the hub")
                .hint("navyd tap 5432, or navyd traffic")
        })?;
        let address = match target.host {
            None => None,
            Some(Host::Address(address)) if address.is_unspecified() => None,
            Some(Host::Address(address)) => Some(address),
            Some(Host::Name(name)) if name == "localhost" => None,
            Some(Host::Name(name)) => {
                return Err(Failure::new(format!(
                    "`{name}` is a name, and only ports of this machine are watched"
                ))
                .hint(format!("navyd tap {port}")));
            }
        };
        Ok(Self { port, address, is_udp: target.proto == Some(Transport::Udp) })
    }

    /// Where that is: of a port alone, where something listens; 127.0.0.1 when nothing does, or on both loopbacks.
    fn address(&self, listening: &[IpAddr]) -> SocketAddr {
        let only_v6 =
            !listening.is_empty() && listening.iter().all(|address| *address == Ipv6Addr::LOCALHOST);
        let usual = if only_v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        SocketAddr::new(self.address.unwrap_or(usual), self.port)
    }
}

/// The addresses on which something listens at this port.
fn own_addresses(port: u16) -> Vec<IpAddr> {
    client::listening(Some(port)).iter().map(|socket| socket.local.ip()).collect()
}

fn listen(typed: &str) -> Result<SocketAddr, String> {
    let port = typed.strip_prefix(':').unwrap_or(typed).parse::<u16>();
    let port = port.map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    port.or_else(|_| typed.parse())
        .map_err(|_| "it is a port, or an address with one: 15432, 127.0.0.1:15432".into())
}

fn protocol(typed: &str) -> Result<Protocol, String> {
    PROTOCOLS.into_iter().find(|protocol| protocol.as_str() == typed).ok_or_else(|| {
        let known: Vec<String> = PROTOCOLS.iter().map(|protocol| format!("`{protocol}`")).collect();
        format!("it is one of {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_watched_where_something_listens() {
        let (v4, v6): (IpAddr, IpAddr) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
        for (typed, listening, expected) in [
            ("5432", vec![], "127.0.0.1:5432"),
            ("5432", vec![v4, v6], "127.0.0.1:5432"),
            ("5432", vec![v6], "[::1]:5432"),
            ("5432", vec!["::".parse().unwrap()], "127.0.0.1:5432"),
            ("localhost:5432", vec![v6], "[::1]:5432"),
            ("0.0.0.0:5432", vec![], "127.0.0.1:5432"),
            ("127.0.0.2:5432", vec![], "127.0.0.2:5432"),
            ("[::1]:5432", vec![], "[::1]:5432"),
        ] {
            let wanted = Wanted::of(typed).unwrap();
            assert_eq!(wanted.address(&listening).to_string(), expected, "{typed}");
        }
        assert!(Wanted::of("5353/udp").unwrap().is_udp);
        for typed in ["shop.localhost", "example.com:80", "0", "abc"] {
            assert!(Wanted::of(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn where_to_listen_and_what_is_spoken_are_words() {
        assert_eq!(listen("15432").unwrap().to_string(), "127.0.0.1:15432");
        assert_eq!(listen("[::1]:15432").unwrap().to_string(), "[::1]:15432");
        assert!(listen("shop").is_err() && protocol("smtp").is_err());
        assert_eq!(protocol("redis"), Ok(Protocol::Redis));
    }
}

//! The lines that say that a stand-in is ready, where, and who else can reach it.

use std::net::{IpAddr, SocketAddr};

use navyd_model::api::Document;
use navyd_standin::{Door, raw::Packets};
use serde::Serialize;

use super::{super::Stage, code, flags::Flags};
use crate::{
    cli::Format,
    out::{Text, Tone},
};

/// A stand-in that is about to stand.
pub(crate) struct Ready {
    /// The word of its command.
    pub(crate) kind: &'static str,
    /// What it does, such as `serves ./dist`.
    pub(crate) does: String,
    /// What those who reach it can do, such as `read these files`.
    pub(crate) reach: &'static str,
    /// Where it is met, what people open first.
    pub(crate) places: Vec<Place>,
}

/// Where a stand-in is met.
pub(crate) struct Place {
    /// The scheme of its addresses, such as `http`.
    scheme: &'static str,
    /// Its addresses, all with one port.
    addresses: Vec<SocketAddr>,
    /// Where the hub comes in instead, in clear.
    clear: Option<SocketAddr>,
}

/// The body of `navyd.standin/1`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    kind: &'static str,
    does: &'a str,
    pid: u32,
    urls: Vec<String>,
    addresses: Vec<SocketAddr>,
    /// The URL of its name in the hub.
    named: Option<&'a str>,
    ttl_ms: Option<u64>,
}

impl Place {
    /// A door, and the scheme by which it is spoken to.
    pub(crate) fn of(scheme: &'static str, door: &Door) -> Self {
        Self { scheme, addresses: door.addresses().collect(), clear: None }
    }

    /// The same for datagrams.
    pub(crate) fn datagrams(packets: &Packets) -> Self {
        Self { scheme: "udp", addresses: packets.addresses().collect(), clear: None }
    }

    /// Leads the hub to this door instead, where there is one.
    pub(crate) fn led(self, clear: Option<&Door>) -> Self {
        Self { clear: clear.and_then(|door| door.addresses().next()), ..self }
    }

    /// Where the hub may come in.
    pub(super) fn entrances(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.clear.iter().chain(self.addresses.iter().filter(|_| self.clear.is_none())).copied()
    }

    /// What is typed to reach it: by localhost where that leads there, then by every other address.
    fn urls(&self) -> Vec<String> {
        let is_local = |address: &SocketAddr| {
            let ip = address.ip().to_canonical();
            ip.is_unspecified() || ip == IpAddr::from([127, 0, 0, 1])
        };
        let local = self.addresses.iter().find(|address| is_local(address));
        let local = local.map(|address| format!("{}://localhost:{}", self.scheme, address.port()));
        // Of both loopback addresses localhost is the name.
        let is_named = |address: &SocketAddr| local.is_some() && address.ip().is_loopback();
        let others = self.addresses.iter().filter(|address| !is_local(address) && !is_named(address));
        let others = others.map(|address| format!("{}://{address}", self.scheme));
        local.iter().cloned().chain(others).collect()
    }
}

impl Ready {
    /// Says so.
    pub(super) fn say(&self, flags: &Flags, named: Option<&str>, stage: &mut Stage) -> anyhow::Result<()> {
        let report = Report {
            kind: self.kind,
            does: &self.does,
            pid: std::process::id(),
            urls: self.places.iter().flat_map(Place::urls).collect(),
            addresses: self.places.iter().flat_map(|place| &place.addresses).copied().collect(),
            named,
            ttl_ms: flags.ttl.and_then(|ttl| u64::try_from(ttl.as_millis()).ok()),
        };
        match stage.format {
            Format::Json => stage.screen.json(&Document::new("standin", &report))?,
            Format::Jsonl => stage.screen.json_line(&Document::new("standin", &report))?,
            Format::Text => {
                for (at, url) in report.urls.iter().enumerate() {
                    let line = Text::of(Tone::Bold, url);
                    let does = if at == 0 { format!(" {}", self.does) } else { String::new() };
                    stage.screen.line(&line.then(Tone::Plain, does))?;
                }
                if let Some(url) = named {
                    stage.screen.line(&Text::of(Tone::Bold, url))?;
                }
            }
        }
        stage.screen.flush()?;
        if flags.is_wide() {
            let who = if flags.auth().is_some() { "whoever knows the password" } else { "everyone there" };
            let note = format!("other machines reach this: {who} can {}", self.reach);
            stage.screen.note(note)?;
        }
        if flags.lan
            && let Some(url) = report.urls.iter().find(|url| is_for_phones(url))
        {
            stage.screen.picture(code::drawn(url))?;
        }
        Ok(())
    }
}

/// Whether a phone that is shown this opens it.
fn is_for_phones(url: &str) -> bool {
    url.starts_with("http") && !url.contains("//localhost:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_those_that_people_open() {
        for (addresses, expected) in [
            (&["127.0.0.1:80", "[::1]:80"][..], &["http://localhost:80"][..]),
            (&["0.0.0.0:80"], &["http://localhost:80"]),
            (&["127.0.0.9:80"], &["http://127.0.0.9:80"]),
            (&["[::1]:80"], &["http://[::1]:80"]),
            (
                &["127.0.0.1:80", "[::1]:80", "192.168.1.5:80"],
                &["http://localhost:80", "http://192.168.1.5:80"],
            ),
        ] {
            let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!(Place { scheme: "http", addresses, clear: None }.urls(), expected);
        }
    }
}

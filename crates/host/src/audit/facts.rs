//! What was seen, before anybody judges it: plain data, so that every check is tested without a machine that has the
//! danger.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use jiff::Timestamp;
use navyd_model::{Holder, Listener, Protocol};

use super::{
    Authority, Certificate, Firewall, TlsFile,
    ask::{Ground, Heard},
    known::Installed,
};
use crate::{
    kernel::Interface,
    process::{Access, Condition},
};

/// All that checks may know.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The listeners that are looked at.
    pub subjects: Vec<Subject>,
    /// The network devices; `None` when they could not be read.
    pub interfaces: Option<Vec<Interface>>,
    /// The packet filter, as far as it concerns the listeners.
    pub firewall: Firewall,
    /// Authorities of this machine that it trusts.
    pub authorities: Vec<Authority>,
    /// The names of all whom its administrator has it trust; `None` where that is not told.
    pub trusted: Option<Vec<String>>,
    /// Credentials that a hub's recorder met on the way.
    pub credentials: Vec<Credential>,
    /// When it was looked; `None` where nobody asked the time.
    pub now: Option<Timestamp>,
    /// The user that asks: its number.
    pub me: Option<u32>,
    /// What could not be seen, and what would be needed.
    pub unknown: Vec<String>,
}

/// One listener, and what is known of those who hold it.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The listener.
    pub listener: Listener,
    /// What checks need of its holders beyond [`navyd_model::Holder`], in the same order.
    pub programs: Vec<Program>,
    /// Who gets to the file of a unix socket; `None` for every other, and for one whose file is not seen from here.
    pub file: Option<Access>,
    /// The certificate that it showed when it was asked; `None` where it showed none in clear.
    pub shown: Option<Certificate>,
    /// What its files show of what is worth asking.
    pub ground: Ground,
    /// What it answered; empty unless it was asked.
    pub heard: Vec<Heard>,
}

/// What checks need of one holder. `None` is what could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// The process.
    pub pid: u32,
    /// Its condition.
    pub condition: Condition,
    /// The leader of its group or session that is gone, where it was taken in by another process.
    pub lost: Option<u32>,
    /// Whether a JVM has the debugger's agent loaded, whatever its arguments say; `None` for other programs, too.
    pub jdwp: Option<bool>,
    /// What it runs of the list of known-bad versions, whatever the version.
    pub packages: Vec<Installed>,
    /// The keys and certificates that its arguments name.
    pub tls: Vec<TlsFile>,
}

/// A credential that went by in clear, never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The port that it was sent to.
    pub port: u16,
    /// Who sent it.
    pub from: IpAddr,
    /// The scheme of RFC 9110 §11.1: `Basic`, `Bearer`.
    pub scheme: String,
}

impl Subject {
    /// A listener of which nothing else was looked at.
    pub fn bare(listener: Listener) -> Self {
        Self {
            listener,
            programs: Vec::new(),
            file: None,
            shown: None,
            ground: Ground::default(),
            heard: Vec::new(),
        }
    }

    /// Its frameworks and programs by name, the first holder's first.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for holder in &self.listener.holders {
            all.extend(holder.framework.as_deref());
            all.push(&holder.name);
        }
        all
    }

    /// A line of a table with this subject's own words: `{port}`, `{pid}`, `{place}`, and `{host}`, where it is reached
    /// from here.
    pub(super) fn fill(&self, line: &str) -> String {
        let port = self.listener.port.map(|port| port.to_string()).unwrap_or_default();
        let pid = self.listener.holders.first().map(|holder| holder.pid.to_string()).unwrap_or_default();
        let host = self.listener.address.map(|address| match address {
            IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(v6) if v6.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address,
        });
        let host = host.map(|host| host.to_string()).unwrap_or_default();
        line.replace("{host}", &host)
            .replace("{port}", &port)
            .replace("{pid}", &pid)
            .replace("{place}", &self.listener.place())
    }

    /// Each holder with what checks need of it.
    pub(super) fn held(&self) -> impl Iterator<Item = (&Holder, &Program)> {
        self.listener.holders.iter().zip(&self.programs)
    }

    /// Where in a container it leads, for a port that an engine publishes.
    pub(super) fn container(&self) -> Option<SocketAddr> {
        self.listener.note.as_deref()?.strip_prefix("container ")?.parse().ok()
    }

    /// Whether it takes TCP connections.
    pub(super) fn is_tcp(&self) -> bool {
        self.listener.proto == Protocol::Tcp && self.listener.state == navyd_model::State::Listen
    }
}

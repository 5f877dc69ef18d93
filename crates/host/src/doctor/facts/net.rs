//! What was read of connections of this machine to itself.

use std::net::{IpAddr, SocketAddr};

use navyd_model::{BindAttempt, ConnectAttempt};

use super::Told;
use crate::kernel::{Filter, Link, Lost, Settings};

/// Connections, and what stands in their way.
#[derive(Debug, Clone)]
pub struct Net {
    /// The link layer of the network devices.
    pub links: Told<Vec<Link>>,
    /// Settings and counters.
    pub settings: Settings,
    /// Binding each address of the matrix, to no port in particular.
    pub binds: Vec<BindAttempt>,
    /// The connect matrix, or why nothing could listen.
    pub matrix: Told<Vec<ConnectAttempt>>,
    /// The addresses of the matrix where somebody else answered than the listener there.
    pub elsewhere: Vec<SocketAddr>,
    /// The TCP listeners of this network namespace.
    pub listeners: Told<Vec<Ear>>,
    /// Who has navyd's own port; `None` where nobody does.
    pub own_port: Told<Option<Held>>,
    /// What listeners lost while this was read.
    pub losing: Lost,
    /// What the packet filter does with these connections, and with those to the listeners.
    pub filter: Told<Filter>,
}

/// A TCP socket that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ear {
    /// Where.
    pub at: SocketAddr,
    /// Whether, on `::`, it leaves IPv4 alone.
    pub v6only: Option<bool>,
    /// Connections that wait to be accepted.
    pub waiting: u32,
    /// How many may wait.
    pub queue: u32,
    /// Who holds it, in words: looked up only where a row needs to name it.
    pub holder: Option<String>,
}

/// A port that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// By whom, in words; `None` where that cannot be seen.
    pub by: Option<String>,
    /// Whether that is navyd: told by the name of the program.
    pub ours: bool,
    /// Whether it listens: otherwise it is a connection's own end.
    pub listens: bool,
}

impl Net {
    /// What binding an address did.
    pub(in crate::doctor) fn bind(&self, address: IpAddr) -> Option<&BindAttempt> {
        self.binds.iter().find(|attempt| attempt.address == address)
    }

    /// Whether no port was left to bind: EADDRINUSE is said of an address that is there alone, and port 0 leaves the
    /// choice of a free port to the kernel (bind(2)).
    pub(in crate::doctor) fn portless(&self) -> bool {
        self.binds.iter().any(no_port)
    }

    /// The listeners, as far as they could be read.
    pub(in crate::doctor) fn ears(&self) -> impl Iterator<Item = &Ear> {
        self.listeners.iter().flatten()
    }
}

/// Whether an address is there, and only a port was lacking.
pub(in crate::doctor) fn no_port(attempt: &BindAttempt) -> bool {
    attempt.errno.as_deref() == Some("EADDRINUSE")
}

impl Ear {
    /// Whether connections to this place come to it.
    pub(in crate::doctor) fn hears(&self, place: SocketAddr) -> bool {
        let own = self.at.ip();
        let any = own.is_unspecified()
            && match (own, place.ip()) {
                (IpAddr::V6(_), IpAddr::V4(_)) => self.v6only == Some(false),
                (IpAddr::V4(_), IpAddr::V6(_)) => false,
                _ => true,
            };
        self.at.port() == place.port() && (any || own == place.ip())
    }

    /// `127.0.0.1:3000`, and who holds it where that is known.
    pub(in crate::doctor) fn words(&self) -> String {
        match &self.holder {
            Some(holder) => format!("{} ({holder})", self.at),
            None => self.at.to_string(),
        }
    }
}

#[cfg(test)]
impl Net {
    /// Where nothing could be read.
    pub(in crate::doctor) fn unread() -> Self {
        let why = || "not read".to_owned();
        Self {
            links: Err(why()),
            settings: Settings::unread("not read"),
            binds: Vec::new(),
            matrix: Err(why()),
            elsewhere: Vec::new(),
            listeners: Err(why()),
            own_port: Err(why()),
            losing: Lost::default(),
            filter: Err(why()),
        }
    }

    /// The same where connecting ended so, and binding worked unless there is no such address.
    pub(in crate::doctor) fn reaching(results: &[(&str, navyd_model::ConnectResult)]) -> Self {
        use navyd_model::ConnectResult;
        let attempt = |(address, result): &(&str, ConnectResult)| ConnectAttempt {
            address: (address.parse::<IpAddr>().unwrap(), 40000).into(),
            result: *result,
            answered_by: None,
            took_ms: 0.1,
        };
        let bind = |(address, result): &(&str, ConnectResult)| BindAttempt {
            address: address.parse().unwrap(),
            v6only: false,
            ok: *result != ConnectResult::Failed,
            errno: (*result == ConnectResult::Failed).then(|| "EADDRNOTAVAIL".into()),
        };
        let (binds, matrix) = (results.iter().map(bind).collect(), results.iter().map(attempt).collect());
        Self { binds, matrix: Ok(matrix), ..Self::unread() }
    }
}

#[cfg(test)]
impl Ear {
    /// A listener with an empty queue.
    pub(in crate::doctor) fn at(at: &str) -> Self {
        Self { at: at.parse().unwrap(), v6only: Some(false), waiting: 0, queue: 128, holder: None }
    }
}

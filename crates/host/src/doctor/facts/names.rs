//! What was read of names: where those of this machine lead, and who is asked.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use super::{HostsFile, Resolver, Told};

/// Names of this machine.
#[derive(Debug, Clone)]
pub struct Names {
    /// Where the hosts file is.
    pub hosts_path: String,
    /// The hosts file; `Ok(None)` where there is none.
    pub hosts: Told<Option<HostsFile>>,
    /// `resolv.conf`; `Ok(None)` where there is none.
    pub resolver: Told<Option<Resolver>>,
    /// Where the system looks names up, in its order: `files`, `dns`. `Ok(None)` where nothing says so.
    pub sources: Told<Option<Vec<String>>>,
    /// Whether `gai.conf` prefers IPv4.
    pub prefers_v4: bool,
    /// What `localhost` is to programs.
    pub localhost: Lookup,
    /// What a name below `localhost` is to programs.
    pub below: Lookup,
    /// The machine's own name, and what it is to programs.
    pub own: Told<(String, Lookup)>,
    /// The name servers on this machine itself, each asked for `localhost`.
    pub servers: Vec<(SocketAddr, Served)>,
}

/// What the system's resolver said of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The addresses, in its order; or why there are none.
    pub answer: Told<Vec<IpAddr>>,
    /// How long it took.
    pub took: Duration,
}

/// What a name server did when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// It answered.
    Answered,
    /// Nobody listens there.
    Refused,
    /// Nothing came in time.
    Silent,
    /// Nothing could be sent.
    Unsent(String),
}

#[cfg(test)]
impl Names {
    /// Where nothing could be read.
    pub(in crate::doctor) fn unread() -> Self {
        let why = || "not read".to_owned();
        Self {
            hosts_path: "/etc/hosts".into(),
            hosts: Err(why()),
            resolver: Err(why()),
            sources: Err(why()),
            prefers_v4: false,
            localhost: Lookup::failed("not asked"),
            below: Lookup::failed("not asked"),
            own: Err(why()),
            servers: Vec::new(),
        }
    }
}

#[cfg(test)]
impl Lookup {
    /// These addresses, at once.
    pub(in crate::doctor) fn of(addresses: &[&str]) -> Self {
        let answer = Ok(addresses.iter().map(|text| text.parse().unwrap()).collect());
        Self { answer, took: Duration::ZERO }
    }

    /// None.
    pub(in crate::doctor) fn failed(why: &str) -> Self {
        Self { answer: Err(why.to_owned()), took: Duration::ZERO }
    }
}

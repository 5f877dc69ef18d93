//! What a hub is told when it starts.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    path::PathBuf,
};

use navyd_model::hub::PORT;

use crate::{bell::Bell, capture, log::Log, otlp::Endpoint, places::Places};

/// What a hub is told when it starts.
pub struct Settings {
    /// Where its files are.
    pub places: Places,
    /// Where names, the status page and the API are served.
    pub listen: Listen,
    /// Sockets that listen already, from whoever started it: names are served there as well.
    pub handed: Vec<TcpListener>,
    /// How many cores move bytes, at least one.
    pub workers: usize,
    /// Navyd itself, which hands sockets over to services.
    pub program: PathBuf,
    /// What is recorded of what passes; nothing without it.
    pub capture: Option<Recording>,
    /// What makes what faults choose repeatable; chance without it.
    pub seed: Option<u64>,
    /// Where it says what happens.
    pub log: Log,
    /// Rung to end it.
    pub bell: Bell,
}

/// What is recorded of what passes.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// How much is kept.
    pub limits: capture::Limits,
    /// Whether secrets are kept as well.
    pub reveal: bool,
    /// The collector that exchanges are sent to as well.
    pub export: Option<Endpoint>,
}

/// Where names are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// At port 62893 of both loopback addresses; where that is taken, at the next port that is free. At ports 80 and 443
    /// as well, where they are free and the system allows it.
    Usual,
    /// Exactly there; port 0 lets the system choose.
    At(Vec<SocketAddr>),
}

/// How many ports are tried behind the usual one. As many hubs of as many users would share a machine.
const TRIES: u16 = 64;

impl Listen {
    /// The sets of addresses to try, in this order.
    pub(crate) fn attempts(&self) -> Vec<Vec<SocketAddr>> {
        match self {
            Self::At(addresses) => vec![addresses.clone()],
            Self::Usual => (PORT..PORT.saturating_add(TRIES)).map(|port| loopback(port).to_vec()).collect(),
        }
    }
}

fn loopback(port: u16) -> [SocketAddr; 2] {
    [(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_port_comes_first_and_what_was_said_stays_alone() {
        let attempts = Listen::Usual.attempts();
        assert_eq!(attempts.len(), usize::from(TRIES));
        assert_eq!(attempts[0], ["127.0.0.1:62893", "[::1]:62893"].map(|text| text.parse().unwrap()));
        let one: SocketAddr = "127.0.0.1:0".parse().unwrap();
        assert_eq!(Listen::At(vec![one]).attempts(), [[one]]);
    }
}

//! What the ports answered, held against what the kernel says. Pure.

use std::{collections::BTreeMap, net::IpAddr};

use navyd_model::{Exposure, Listener, Names, Protocol, State, ports};
use serde::{Deserialize, Serialize};

use super::knock::Answer;
use crate::listeners::reaches;

/// A port that takes connections, or would.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// Whether a connection was made.
    pub connected: bool,
    /// Why none was: the listener would take it as an order.
    pub left_alone: Option<String>,
    /// Whether the kernel lists a socket that listens here; `None` for other machines.
    pub listed: Option<bool>,
    /// What the port is usually for.
    pub names: Names,
    /// The processes that hold the socket.
    pub holders: Vec<Named>,
}

/// A process, shortly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its process id.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

/// A port where the connection and the kernel's list disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differs {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// In which way.
    pub kind: Difference,
    /// What was seen, and what usually explains it.
    pub evidence: String,
}

/// How a connection and the kernel's list can disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// It answers, and no socket listens.
    OpenWithoutListener,
    /// A socket listens, and the connection is refused.
    ListenerRefuses,
    /// A socket listens, and nothing comes back.
    ListenerSilent,
    /// A socket listens, and something on the way says no.
    ListenerUnreachable,
}

/// Whether a connection to `address` would reach this listener, as far as addresses decide it.
pub(super) fn covers(listener: &Listener, address: IpAddr) -> bool {
    let Some(bound) = listener.address.filter(|_| listener.netns.is_none()) else { return false };
    // What is sent to an own address comes in by the loopback device, whatever device has the address.
    let device = listener.device.is_none() || listener.exposure == Exposure::Loopback;
    if listener.proto != Protocol::Tcp || listener.state != State::Listen || !device {
        return false;
    }
    reaches(bound, listener.v6only, address)
}

/// The open ports. `left_alone` are those that were not asked, with the reason.
pub(super) fn open(
    address: IpAddr,
    answers: &BTreeMap<u16, Answer>,
    known: Option<&BTreeMap<u16, Vec<&Listener>>>,
    left_alone: &BTreeMap<u16, String>,
) -> Vec<Open> {
    let connected = answers.iter().filter(|(_, answer)| **answer == Answer::Open).map(|(port, _)| *port);
    let mut ports: Vec<u16> = connected.chain(left_alone.keys().copied()).collect();
    ports.sort_unstable();
    let open = |port: u16| {
        let listeners = known.and_then(|known| known.get(&port));
        let holders = listeners.into_iter().flatten().flat_map(|listener| &listener.holders);
        let mut holders: Vec<Named> =
            holders.map(|holder| Named { pid: holder.pid, name: holder.name.clone() }).collect();
        holders.sort_unstable_by_key(|holder| holder.pid);
        holders.dedup();
        Open {
            address,
            port,
            connected: !left_alone.contains_key(&port),
            left_alone: left_alone.get(&port).cloned(),
            listed: known.map(|_| listeners.is_some()),
            names: ports::names(port, Protocol::Tcp),
            holders,
        }
    };
    ports.into_iter().map(open).collect()
}

/// Where answers and the kernel's list disagree. `asked` tells which of the known ports were asked.
pub(super) fn differs(
    address: IpAddr,
    answers: &BTreeMap<u16, Answer>,
    known: &BTreeMap<u16, Vec<&Listener>>,
    asked: impl Fn(u16) -> bool,
) -> Vec<Differs> {
    let differs = |port, kind, evidence: &str| Differs { address, port, kind, evidence: evidence.into() };
    let unlisted =
        answers.iter().filter(|(port, answer)| **answer == Answer::Open && !known.contains_key(port));
    let mut all: Vec<Differs> = unlisted
        .map(|(port, _)| {
            let evidence = "it answers, and no socket of this machine listens here: a rule redirects it \
                            (NAT), or a container engine has published it";
            differs(*port, Difference::OpenWithoutListener, evidence)
        })
        .collect();
    for (&port, listeners) in known.iter().filter(|(port, _)| asked(**port)) {
        let full = listeners
            .iter()
            .any(|listener| listener.queue.is_some_and(|queue| queue.max.is_some_and(|max| queue.len > max)));
        let (kind, evidence) = match answers.get(&port) {
            Some(Answer::Open) => continue,
            None | Some(Answer::Closed) => {
                let evidence = "a socket listens, and the connection was refused: a firewall rejects it";
                (Difference::ListenerRefuses, evidence)
            }
            Some(Answer::Silent) if full => {
                let evidence = "a socket listens, and its backlog is full: its program accepts nobody";
                (Difference::ListenerSilent, evidence)
            }
            Some(Answer::Silent) => {
                let evidence = "a socket listens, and nothing came back: a firewall drops it, or its \
                                program's backlog was full";
                (Difference::ListenerSilent, evidence)
            }
            Some(Answer::Unreachable(_)) => {
                let evidence = "a socket listens, and the kernel found no way to it: a firewall or a route \
                                forbids it";
                (Difference::ListenerUnreachable, evidence)
            }
        };
        all.push(differs(port, kind, evidence));
    }
    all.sort_by_key(|differs| differs.port);
    all
}

#[cfg(test)]
mod tests {
    use navyd_model::{Family, Namespace, Queue};

    use super::*;

    fn listener(address: &str, port: u16) -> Listener {
        let address: IpAddr = address.parse().unwrap();
        let family = if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
        let (address, exposure) = (Some(address), Exposure::All);
        Listener { family, address, exposure, ..Listener::on(Protocol::Tcp, port) }
    }

    #[test]
    fn which_listeners_a_connection_meets() {
        let bound = Listener { state: State::BoundNotListening, ..listener("127.0.0.1", 1) };
        let udp = Listener { proto: Protocol::Udp, ..listener("127.0.0.1", 1) };
        let device = Listener { device: Some("eth0".into()), ..listener("0.0.0.0", 1) };
        let loopback = Listener { device: Some("lo".into()), exposure: Exposure::Loopback, ..device.clone() };
        let namespace = Namespace { inode: Some(1), name: None, container: None, pid: None };
        let elsewhere = Listener { netns: Some(namespace), ..listener("127.0.0.1", 1) };
        for (listener, address, expected) in [
            (listener("127.0.0.1", 1), "127.0.0.1", true),
            (listener("127.0.0.1", 1), "127.0.0.2", false),
            (loopback, "127.0.0.1", true),
            (device, "127.0.0.1", false),
            (bound, "127.0.0.1", false),
            (udp, "127.0.0.1", false),
            (elsewhere, "127.0.0.1", false),
        ] {
            assert_eq!(covers(&listener, address.parse().unwrap()), expected, "{listener:?} {address}");
        }
    }

    #[test]
    fn agreement_and_difference() {
        let full = Queue { len: 2, max: Some(1) };
        let rows: Vec<_> = [1, 2, 3, 4, 5, 6].map(|port| listener("127.0.0.1", port)).into();
        let filled = Listener { queue: Some(full), ..listener("127.0.0.1", 7) };
        let mut known: BTreeMap<u16, Vec<&Listener>> =
            rows.iter().map(|row| (row.port.unwrap(), vec![row])).collect();
        known.insert(7, vec![&filled]);
        let unreachable = Answer::Unreachable(std::io::ErrorKind::HostUnreachable);
        let answers = BTreeMap::from([
            (1, Answer::Open),
            (3, Answer::Silent),
            (4, unreachable),
            (7, Answer::Silent),
            (8, Answer::Open),
            (9, Answer::Silent),
        ]);
        let address = "127.0.0.1".parse().unwrap();
        let found = differs(address, &answers, &known, |port| port != 5 && port != 6);
        let kinds: Vec<_> = found.iter().map(|differs| (differs.port, differs.kind)).collect();
        let expected = [
            (2, Difference::ListenerRefuses),
            (3, Difference::ListenerSilent),
            (4, Difference::ListenerUnreachable),
            (7, Difference::ListenerSilent),
            (8, Difference::OpenWithoutListener),
        ];
        assert_eq!(kinds, expected);
        assert!(found[3].evidence.contains("backlog is full"));

        let left_alone = BTreeMap::from([(5, "JDWP".to_owned())]);
        let open = open(address, &answers, Some(&known), &left_alone);
        let seen: Vec<_> = open.iter().map(|open| (open.port, open.connected, open.listed)).collect();
        assert_eq!(seen, [(1, true, Some(true)), (5, false, Some(true)), (8, true, Some(false))]);
    }
}

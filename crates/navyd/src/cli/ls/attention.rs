//! What deserves attention at a glance: at most three things. Pure.
//!
//! Biased towards silence: only what is certain from the table alone, and wrong or surprising on most machines.
//! Whether something is safe is the business of an audit, not of this.

use std::net::IpAddr;

use navyd_model::{Exposure, Listener, Protocol, State};

/// One thing, and the command that tells more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attention {
    /// What is so.
    pub(super) what: String,
    /// What to type.
    pub(super) command: String,
}

/// More than this is a report and no glance.
const MOST: usize = 3;

/// Programs whose data anyone who reaches them can often read.
const DATABASES: &[&str] = &[
    "postgres",
    "postgresql",
    "mysqld",
    "mariadbd",
    "mysql",
    "mariadb",
    "redis",
    "redis-server",
    "valkey",
    "valkey-server",
    "memcached",
    "mongod",
    "mongodb",
    "elasticsearch",
    "opensearch",
    "clickhouse-server",
    "couchdb",
    "etcd",
];

/// What deserves attention, the most important first.
pub(super) fn attention(listeners: &[Listener]) -> Vec<Attention> {
    // Another namespace is another machine as far as addresses go.
    let here: Vec<&Listener> = listeners.iter().filter(|listener| listener.netns.is_none()).collect();
    let exposed = here.iter().filter_map(|listener| exposed_database(listener));
    let split = here.iter().filter_map(|listener| split_localhost(listener, &here));
    let silent = here.iter().filter_map(|listener| silent(listener));
    let stuck = here.iter().filter_map(|listener| stuck(listener));
    let deleted = here.iter().filter_map(|listener| deleted(listener));

    let mut found: Vec<Attention> = Vec::new();
    for one in exposed.chain(split).chain(silent).chain(stuck).chain(deleted) {
        // One program on IPv4 and IPv6 is one thing to know.
        if found.len() < MOST && !found.iter().any(|other| other.command == one.command) {
            found.push(one);
        }
    }
    found
}

fn exposed_database(listener: &Listener) -> Option<Attention> {
    if !matches!(listener.exposure, Exposure::All | Exposure::Lan) {
        return None;
    }
    let is_database = |name: &str| DATABASES.contains(&name.to_ascii_lowercase().as_str());
    let spoken = listener.speaks.as_ref().and_then(|speaks| speaks.protocol.as_deref());
    let holder = listener.holders.first()?;
    let database =
        spoken.filter(|name| is_database(name)).or(is_database(&holder.name).then_some(&holder.name))?;
    let reach = if listener.exposure == Exposure::All { "every network" } else { "the local network" };
    told(listener, &format!("`{database}` (pid {}) can be reached from {reach}", holder.pid))
}

/// 127.0.0.1 and ::1 lead to different programs, so that `localhost` means now one, now the other.
fn split_localhost(listener: &Listener, all: &[&Listener]) -> Option<Attention> {
    if listener.proto != Protocol::Tcp || listener.state != State::Listen {
        return None;
    }
    let same_port = |other: &&&Listener| {
        (other.proto, other.state, other.port) == (listener.proto, listener.state, listener.port)
    };
    let one = all.iter().filter(same_port).filter_map(|other| Some((closeness_v4(other)?, other)));
    let six = all.iter().filter(same_port).filter_map(|other| Some((closeness_v6(other)?, other)));
    let (_, one) = one.min_by_key(|(closeness, _)| *closeness)?;
    let (_, six) = six.min_by_key(|(closeness, _)| *closeness)?;
    if !std::ptr::eq(*one, listener) {
        return None;
    }
    let (first, second) = (one.holders.first()?, six.holders.first()?);
    let shared = one.holders.iter().any(|holder| six.holders.iter().any(|other| other.pid == holder.pid));
    if shared {
        return None;
    }
    told(
        listener,
        &format!(
            "127.0.0.1 leads to `{}` (pid {}), ::1 to `{}` (pid {})",
            first.name, first.pid, second.name, second.pid
        ),
    )
}

/// How closely a listener's address fits 127.0.0.1: the kernel gives a connection to the closest.
fn closeness_v4(listener: &Listener) -> Option<u8> {
    match listener.address? {
        IpAddr::V4(address) if address == std::net::Ipv4Addr::LOCALHOST => Some(0),
        IpAddr::V4(address) if address.is_unspecified() => Some(1),
        IpAddr::V6(address) if address.is_unspecified() && listener.v6only == Some(false) => Some(2),
        _ => None,
    }
}

fn closeness_v6(listener: &Listener) -> Option<u8> {
    match listener.address? {
        IpAddr::V6(address) if address.is_loopback() => Some(0),
        IpAddr::V6(address) if address.is_unspecified() => Some(1),
        _ => None,
    }
}

fn silent(listener: &Listener) -> Option<Attention> {
    if listener.state != State::BoundNotListening {
        return None;
    }
    let by = match listener.holders.first() {
        Some(holder) => format!(" by `{}` (pid {})", holder.name, holder.pid),
        None => String::new(),
    };
    told(listener, &format!("taken{by}, which does not listen"))
}

fn stuck(listener: &Listener) -> Option<Attention> {
    let queue = listener.queue?;
    // The kernel takes one connection more than the backlog, and drops the next (`sk_acceptq_is_full`).
    if listener.proto != Protocol::Tcp || listener.state != State::Listen || queue.len <= queue.max? {
        return None;
    }
    let holder = listener.holders.first()?;
    told(
        listener,
        &format!("`{}` (pid {}) accepts no more: {} connections wait", holder.name, holder.pid, queue.len),
    )
}

fn deleted(listener: &Listener) -> Option<Attention> {
    let holder = listener.holders.iter().find(|holder| holder.exe_deleted == Some(true))?;
    told(
        listener,
        &format!(
            "`{}` (pid {}) runs on from an executable that was removed or replaced",
            holder.name, holder.pid
        ),
    )
}

fn told(listener: &Listener, what: &str) -> Option<Attention> {
    let port = listener.port?;
    let target = match listener.proto {
        Protocol::Udp => format!("{port}/udp"),
        Protocol::Tcp | Protocol::Unix => port.to_string(),
    };
    Some(Attention { what: format!("{}: {what}", listener.place()), command: format!("navyd why {target}") })
}

#[cfg(test)]
mod tests {
    use navyd_model::{Certainty, Holder, Namespace, Queue, Speaks};

    use super::{super::fixture::*, *};

    #[test]
    fn table() {
        let speaks = |protocol: &str| {
            let protocol = Some(protocol.to_owned());
            Some(Speaks { protocol, certainty: Certainty::Observed, detail: None })
        };
        let dual = Listener { v6only: Some(false), ..held("::", 3000, 2, "vite") };
        let queue = |len, max| Some(Queue { len, max: Some(max) });
        let deleted = Holder { exe_deleted: Some(true), ..held_by(1, "node") };
        let netns = Some(Namespace { inode: Some(1), name: None, container: None, pid: None });
        let rows: [(&str, Vec<Listener>, &[&str]); 14] = [
            ("nothing", vec![], &[]),
            ("ordinary", vec![held("127.0.0.1", 3000, 1, "node"), held("0.0.0.0", 22, 2, "sshd")], &[]),
            ("database at home", vec![held("127.0.0.1", 5432, 1, "postgres")], &[]),
            (
                "database in the open, on both families",
                vec![held("0.0.0.0", 5432, 1, "postgres"), held("::", 5432, 1, "postgres")],
                &["0.0.0.0:5432: `postgres` (pid 1) can be reached from every network"],
            ),
            (
                "told by what it speaks",
                vec![Listener { speaks: speaks("Redis"), ..held("10.0.0.1", 7000, 1, "store") }],
                &["10.0.0.1:7000: `Redis` (pid 1) can be reached from the local network"],
            ),
            (
                "split",
                vec![held("127.0.0.1", 3000, 1, "node"), held("::1", 3000, 2, "vite")],
                &["127.0.0.1:3000: 127.0.0.1 leads to `node` (pid 1), ::1 to `vite` (pid 2)"],
            ),
            (
                "shadowed",
                vec![dual.clone(), held("127.0.0.1", 3000, 1, "node")],
                &["127.0.0.1:3000: 127.0.0.1 leads to `node` (pid 1), ::1 to `vite` (pid 2)"],
            ),
            ("one on both", vec![held("127.0.0.1", 3000, 1, "node"), held("::1", 3000, 1, "node")], &[]),
            ("dual stack alone", vec![dual], &[]),
            ("unknown holder", vec![tcp("127.0.0.1", 3000), held("::1", 3000, 2, "vite")], &[]),
            (
                "bound",
                vec![Listener { state: State::BoundNotListening, ..held("127.0.0.1", 3000, 1, "node") }],
                &["127.0.0.1:3000: taken by `node` (pid 1), which does not listen"],
            ),
            (
                "queue",
                vec![
                    Listener { queue: queue(5, 4), ..held("127.0.0.1", 3000, 1, "node") },
                    Listener { queue: queue(4, 4), ..held("127.0.0.1", 3001, 1, "node") },
                ],
                &["127.0.0.1:3000: `node` (pid 1) accepts no more: 5 connections wait"],
            ),
            (
                "deleted",
                vec![Listener { holders: vec![deleted], ..tcp("127.0.0.1", 3000) }],
                &["127.0.0.1:3000: `node` (pid 1) runs on from an executable that was removed or replaced"],
            ),
            ("container", vec![Listener { netns, ..held("0.0.0.0", 5432, 1, "postgres") }], &[]),
        ];
        for (case, listeners, expected) in rows {
            let told: Vec<String> = attention(&listeners).into_iter().map(|one| one.what).collect();
            assert_eq!(told, expected, "{case}");
        }
    }

    #[test]
    fn at_most_three() {
        let many: Vec<Listener> =
            (1..9).map(|n| held("0.0.0.0", 5000 + n, n.into(), "redis-server")).collect();
        let told = attention(&many);
        assert_eq!((told.len(), told[0].command.as_str()), (MOST, "navyd why 5001"));
    }
}

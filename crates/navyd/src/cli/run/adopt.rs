//! Where a route should lead: what the processes of a command really listen on. Pure.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use crate::client::Member;

/// A TCP listener of the command's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// As it is bound.
    pub(super) local: SocketAddr,
    /// Whether an IPv6 wildcard leaves IPv4 out; `None` when the system does not tell.
    pub(super) v6only: Option<bool>,
    /// Rises with the age of the machine: a listener with a lower number was made earlier.
    pub(super) made: u64,
}

/// Ports on which debuggers wait: Node, the JVM, Python, Delve. Whoever speaks HTTP to one is answered nothing good.
const DEBUGGERS: [u16; 4] = [9229, 5005, 5678, 2345];

/// The address to lead to: the port that was told, else the one that is led to already, else the oldest that is no
/// debugger's. Of one port 127.0.0.1 before ::1, as people try them. Bias: a program with several servers that ignores
/// the port it was told may be met at the wrong one.
pub(super) fn choose(bound: &[Bound], told: u16, led: Option<SocketAddr>) -> Option<SocketAddr> {
    let reached = bound.iter().filter_map(|bound| Some((bound, reached(bound)?)));
    let rank = |(bound, address): &(&Bound, SocketAddr)| {
        let port = address.port();
        let is_led = led.is_some_and(|led| led.port() == port);
        (port != told, !is_led, DEBUGGERS.contains(&port), bound.made)
    };
    let best = reached.clone().min_by_key(rank)?;
    let same_port = reached.filter(|(_, address)| address.port() == best.1.port());
    same_port.map(|(_, address)| address).min_by_key(SocketAddr::is_ipv6)
}

/// The loopback address by which a listener is reached; `None` for one that is not reached by any.
fn reached(bound: &Bound) -> Option<SocketAddr> {
    let ip = match bound.local.ip().to_canonical() {
        ip if ip.is_loopback() => ip,
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) if bound.v6only == Some(true) => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, bound.local.port()))
}

/// A command's processes: its first, their descendants, and those that were seen as such before they lost their
/// parents. `known` is kept from look to look. Once its first has ended, `root` is `None`: its number may be another's.
pub(super) fn tree(members: &[Member], root: Option<u32>, known: &mut HashSet<(u32, u64)>) -> HashSet<u32> {
    let living = || members.iter().filter(|member| !member.ended);
    let mut pids: HashSet<u32> = living()
        .filter(|member| Some(member.pid) == root || known.contains(&(member.pid, member.started)))
        .map(|member| member.pid)
        .collect();
    loop {
        let before = pids.len();
        for member in living() {
            if pids.contains(&member.parent) {
                pids.insert(member.pid);
            }
        }
        if pids.len() == before {
            break;
        }
    }
    *known = living().filter(|one| pids.contains(&one.pid)).map(|one| (one.pid, one.started)).collect();
    pids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_that_was_told_comes_first() {
        for (bound, led, expected) in [
            (&[][..], None, None),
            (&["127.0.0.1:20001"][..], None, Some("127.0.0.1:20001")),
            (&["127.0.0.1:3000", "127.0.0.1:20001"], None, Some("127.0.0.1:20001")),
            (&["127.0.0.1:3000", "127.0.0.1:4000"], None, Some("127.0.0.1:3000")),
            (&["127.0.0.1:3000", "127.0.0.1:4000"], Some("127.0.0.1:4000"), Some("127.0.0.1:4000")),
            (&["127.0.0.1:4000"], Some("127.0.0.1:3000"), Some("127.0.0.1:4000")),
            (&["127.0.0.1:9229", "127.0.0.1:3000"], None, Some("127.0.0.1:3000")),
            (&["127.0.0.1:9229"], None, Some("127.0.0.1:9229")),
            (&["[::1]:5173"], None, Some("[::1]:5173")),
            (&["[::1]:5173", "127.0.0.1:5173"], None, Some("127.0.0.1:5173")),
            (&["0.0.0.0:3000"], None, Some("127.0.0.1:3000")),
            (&["[::]:3000"], None, Some("127.0.0.1:3000")),
            (&["[::ffff:127.0.0.1]:3000"], None, Some("127.0.0.1:3000")),
            (&["192.0.2.1:3000"], None, None),
        ] {
            let bound: Vec<_> = (1..)
                .zip(bound)
                .map(|(made, local)| Bound { local: local.parse().unwrap(), v6only: None, made })
                .collect();
            let chosen = choose(&bound, 20_001, led.map(|led| led.parse().unwrap()));
            assert_eq!(chosen, expected.map(|address: &str| address.parse().unwrap()), "{bound:?}");
        }
        let alone = Bound { local: "[::]:3000".parse().unwrap(), v6only: Some(true), made: 1 };
        assert_eq!(choose(&[alone], 1, None), Some("[::1]:3000".parse().unwrap()));
    }

    #[test]
    fn a_tree_keeps_those_who_lost_their_parents() {
        let member =
            |pid, parent| Member { pid, parent, group: 1, session: 1, started: u64::from(pid), ended: false };
        let mut known = HashSet::new();
        let sorted = |pids: HashSet<u32>| {
            let mut pids: Vec<_> = pids.into_iter().collect();
            pids.sort_unstable();
            pids
        };
        let first = [member(1, 0), member(10, 1), member(11, 10), member(12, 11), member(20, 1)];
        assert_eq!(sorted(tree(&first, Some(10), &mut known)), [10, 11, 12]);
        // 11 has ended; 12 was taken in by 1 and has a child of its own.
        let second = [member(1, 0), member(10, 1), member(12, 1), member(13, 12), member(20, 1)];
        assert_eq!(sorted(tree(&second, Some(10), &mut known)), [10, 12, 13]);
        // A namesake of 12 is not 12.
        let third = [member(10, 1), Member { started: 99, ..member(12, 1) }];
        assert_eq!(sorted(tree(&third, Some(10), &mut known)), [10]);
        let ended = [Member { ended: true, ..member(10, 1) }];
        assert_eq!(sorted(tree(&ended, Some(10), &mut known)), Vec::<u32>::new());
    }
}

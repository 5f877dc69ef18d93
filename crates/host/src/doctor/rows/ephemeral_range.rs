//! The range that outgoing connections draw their ports from is large, and no server's fixed port lies in it.

use std::ops::RangeInclusive;

use navyd_model::{Protocol, ports};

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "ephemeral-range", judge };

/// Below this a handful of programs uses it up: a browser alone opens dozens of connections to one server.
const FEW: usize = 64;

/// Below this a load test does; Linux has 28232.
const TIGHT: usize = 1024;

/// Linux's own.
const USUAL: &str = "sudo sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\"";

/// What gives more of them where the usual range is not enough.
const WIDE: &str = "sudo sysctl -w net.ipv4.ip_local_port_range=\"16384 60999\"";

fn judge(facts: &Facts) -> Verdict {
    let Some(range) = &facts.limits.ephemeral else {
        return Verdict::unknown("where outgoing connections draw their ports", "the range was not read");
    };
    let count = range.clone().filter(|port| !reserved(facts, *port)).count();
    let words = format!("{}–{}", range.start(), range.end());
    if facts.net.portless() {
        return Verdict::fail(format!("all {count} ports of outgoing connections are in use"))
            .evidence(format!("the range is {words}, and bind says EADDRINUSE where the kernel is to choose"))
            .cause(
                "connecting says EADDRNOTAVAIL, and servers that leave their port to the kernel do not start",
            )
            .fix(if count < TIGHT { USUAL } else { WIDE });
    }
    if count < TIGHT {
        let verdict = if count < FEW { Verdict::fail } else { Verdict::warn };
        return verdict(format!("outgoing connections have only {count} ports"))
            .evidence(format!("the range is {words}"))
            .cause(
                "when they are used up, connecting says EADDRNOTAVAIL; and connecting to a closed port of the range \
                 may meet itself, so that it looks open",
            )
            .fix(USUAL);
    }
    let verdict = Verdict::ok(format!("outgoing connections draw from {count} ports, {words}"));
    let inside = fixed(facts, range);
    let Some((first, name)) = inside.first() else { return verdict };
    let all: Vec<String> = inside.iter().map(|(port, _)| port.to_string()).collect();
    let keep: Vec<String> = facts.limits.reserved.iter().map(written).chain(all.iter().cloned()).collect();
    Verdict::warn(format!("port {first} ({name}) lies where outgoing connections draw their ports"))
        .evidence(format!("listening in {words}: {}", all.join(", ")))
        .cause(
            "while its server is down, any connection may take the port: starting it again says EADDRINUSE",
        )
        .fix(format!("sudo sysctl -w net.ipv4.ip_local_reserved_ports={}", keep.join(",")))
}

/// The listeners in the range with a port that some program has by default. Others have most likely asked the kernel for
/// any port, and got it from this range.
fn fixed(facts: &Facts, range: &RangeInclusive<u16>) -> Vec<(u16, &'static str)> {
    let ports = facts.net.ears().map(|ear| ear.at.port()).filter(|port| range.contains(port));
    let mut found: Vec<(u16, &'static str)> = ports
        .filter(|port| !reserved(facts, *port))
        .filter_map(|port| Some((port, ports::usual(port, Protocol::Tcp)?)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn reserved(facts: &Facts, port: u16) -> bool {
    facts.limits.reserved.iter().any(|range| range.contains(&port))
}

fn written(range: &RangeInclusive<u16>) -> String {
    if range.start() == range.end() {
        range.start().to_string()
    } else {
        format!("{}-{}", range.start(), range.end())
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::{
        doctor::{Ear, Net},
        kernel::Limits,
    };

    #[test]
    fn none_is_left() {
        for (range, fix) in [(40000..=40007, USUAL), (32768..=60999, WIDE)] {
            let mut net = Net::reaching(&[("127.0.0.1", navyd_model::ConnectResult::Failed)]);
            net.binds[0].errno = Some("EADDRINUSE".into());
            let limits = Limits { ephemeral: Some(range), ..Facts::unread().limits };
            let verdict = judge(&Facts { limits, net, ..Facts::unread() });
            assert_eq!((verdict.state, verdict.fix.as_deref()), (State::Fail, Some(fix)), "{verdict:?}");
            assert!(verdict.summary.contains("are in use"), "{verdict:?}");
        }
    }

    #[test]
    fn how_large_it_is_and_who_listens_in_it() {
        for (range, kept, listeners, expected, fix) in [
            (Some(32768..=60999), None, &[][..], State::Ok, None),
            (Some(40000..=40007), None, &[], State::Fail, Some("32768 60999")),
            (Some(40000..=40499), None, &[], State::Warn, Some("32768 60999")),
            (Some(32768..=60999), Some(32776..=60999), &[], State::Fail, Some("32768 60999")),
            (Some(32768..=60999), Some(8080..=8080), &["127.0.0.1:50051"], State::Warn, Some("=8080,50051")),
            (Some(32768..=60999), Some(50051..=50051), &["127.0.0.1:50051"], State::Ok, None),
            // Nobody's default: the kernel gave it.
            (Some(32768..=60999), None, &["127.0.0.1:41234"], State::Ok, None),
            (Some(32768..=60999), None, &["127.0.0.1:3000"], State::Ok, None),
            (None, None, &[], State::Unknown, None),
        ] {
            let limits =
                Limits { ephemeral: range, reserved: kept.into_iter().collect(), ..Facts::unread().limits };
            let listeners = Ok(listeners.iter().map(|at| Ear::at(at)).collect());
            let net = Net { listeners, ..Net::unread() };
            let verdict = judge(&Facts { limits, net, ..Facts::unread() });
            assert_eq!(verdict.state, expected, "{verdict:?}");
            let fits = |part| verdict.fix.as_deref().is_some_and(|line| line.contains(part));
            assert!(fix.map_or(verdict.fix.is_none(), fits), "{verdict:?}");
        }
    }
}

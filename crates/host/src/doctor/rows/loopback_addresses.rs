//! 127.0.0.1 and ::1 are there, and can be bound.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use navyd_model::BindAttempt;

use super::super::{Facts, Row, facts::no_port, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "loopback-addresses", judge };

fn judge(facts: &Facts) -> Verdict {
    if facts.lo().is_some_and(|lo| !lo.up) {
        return Verdict::unknown(
            "whether 127.0.0.1 and ::1 are there",
            "the loopback device is down, and takes ::1 with it",
        );
    }
    let bind = |address| facts.net.bind(address);
    let (four, six) = (bind(IpAddr::V4(Ipv4Addr::LOCALHOST)), bind(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    let (Some(four), Some(six)) = (four, six) else {
        return Verdict::unknown("whether 127.0.0.1 and ::1 are there", "neither was bound");
    };
    let says = |errno: &Option<String>| errno.clone().unwrap_or_else(|| "an error".into());
    let there = |attempt: &BindAttempt| attempt.ok || no_port(attempt);
    if !there(four) {
        return Verdict::fail("127.0.0.1 is missing")
            .evidence(format!("bind says {}", says(&four.errno)))
            .cause(
                "the loopback device does not have it: servers cannot bind it, and connecting finds no route",
            )
            .fix("sudo ip addr add 127.0.0.1/8 dev lo");
    }
    if there(six) && facts.net.portless() {
        return Verdict::ok("127.0.0.1 and ::1 are there").evidence(
            "bind says EADDRINUSE: the address is there, and no port is left of those the kernel gives out",
        );
    }
    if there(six) {
        return Verdict::ok("127.0.0.1 and ::1 are there, and can be bound");
    }
    let missing = Verdict::warn("::1 is missing").evidence(format!("bind says {}", says(&six.errno)));
    match &facts.net.settings.without_v6 {
        Ok(None) => Verdict::ok("127.0.0.1 is there; this kernel has no IPv6"),
        Ok(Some(true)) => missing
            .cause(
                "IPv6 is switched off (`disable_ipv6`): what tries `localhost` at ::1 first gets EADDRNOTAVAIL or \
                 ENETUNREACH",
            )
            .fix("sudo sysctl -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0"),
        Ok(Some(false)) => missing
            .cause("the loopback device does not have it, and IPv6 is not switched off")
            .fix("sudo ip addr add ::1/128 dev lo"),
        Err(why) => missing.cause(format!("whether IPv6 is switched off is not known: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::{ConnectResult, diagnosis::State};

    use super::*;
    use crate::doctor::Net;

    #[test]
    fn each_address_and_why_it_may_lack() {
        let (there, not) = (ConnectResult::Connected, ConnectResult::Failed);
        for (four, six, without, up, expected, fix) in [
            (there, there, Ok(Some(false)), true, State::Ok, None),
            (not, there, Ok(Some(false)), true, State::Fail, Some("127.0.0.1/8")),
            (not, not, Ok(Some(true)), true, State::Fail, Some("127.0.0.1/8")),
            (there, not, Ok(Some(true)), true, State::Warn, Some("disable_ipv6=0")),
            (there, not, Ok(Some(false)), true, State::Warn, Some("::1/128")),
            (there, not, Err("EACCES".to_owned()), true, State::Warn, None),
            // A kernel without IPv6 lacks nothing.
            (there, not, Ok(None), true, State::Ok, None),
            (there, not, Ok(Some(false)), false, State::Unknown, None),
        ] {
            let mut net = Net::reaching(&[("127.0.0.1", four), ("::1", six)]);
            net.settings.without_v6 = without;
            let verdict = judge(&Facts { net, ..Facts::with_lo(up) });
            assert_eq!(verdict.state, expected, "{verdict:?}");
            let fits = |part| verdict.fix.as_deref().is_some_and(|line| line.contains(part));
            assert!(fix.map_or(verdict.fix.is_none(), fits), "{verdict:?}");
        }
        assert_eq!(judge(&Facts::unread()).state, State::Unknown);
        // No port is left: the addresses are there all the same.
        let mut net = Net::reaching(&[("127.0.0.1", not), ("::1", there)]);
        net.binds[0].errno = Some("EADDRINUSE".into());
        assert_eq!(judge(&Facts { net, ..Facts::with_lo(true) }).state, State::Ok);
    }
}

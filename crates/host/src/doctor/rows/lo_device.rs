//! The loopback device neither delays nor cuts: a queueing discipline is often left there by a test of bad networks.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "lo-device", judge };

/// What Linux gives it: 64 KiB, so that nothing is cut on the way to oneself.
const MTU: u32 = 65536;

/// Without a queue, as it is made, and while it is down.
const WITHOUT_QUEUE: [&str; 2] = ["noqueue", "noop"];

fn judge(facts: &Facts) -> Verdict {
    let links = match &facts.net.links {
        Ok(links) => links,
        Err(why) => return Verdict::unknown("how the loopback device is set", why),
    };
    let Some(lo) = links.iter().find(|link| link.loopback) else {
        return Verdict::unknown("how the loopback device is set", "there is none");
    };
    let queueing = lo.queueing.as_deref().filter(|kind| !WITHOUT_QUEUE.contains(kind));
    if let Some(kind) = queueing {
        let does = match kind {
            "netem" => "it delays, loses or reorders what this machine sends to itself",
            "tbf" | "htb" | "hfsc" => "it holds back what this machine sends to itself",
            _ => "what this machine sends to itself waits in a queue",
        };
        return Verdict::warn(format!("{} has the queueing discipline `{kind}`", lo.name))
            .evidence(format!("rtnetlink says `{kind}`, and `noqueue` is usual"))
            .cause(format!("{does}; tools that simulate bad networks leave it behind"))
            .fix(format!("sudo tc qdisc del dev {} root", lo.name));
    }
    match lo.mtu {
        Some(MTU) => Verdict::ok(format!("{} sends packets of {MTU} bytes and has no queue", lo.name)),
        Some(mtu) => Verdict::warn(format!("{} has an MTU of {mtu}", lo.name))
            .evidence(format!("rtnetlink says {mtu}, and {MTU} is usual"))
            .cause("every larger piece is cut: slower, and unlike what the same programs do elsewhere")
            .fix(format!("sudo ip link set {} mtu {MTU}", lo.name)),
        None => Verdict::unknown(format!("the MTU of {}", lo.name), "the kernel does not tell it"),
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::{doctor::Net, kernel::Link};

    #[test]
    fn what_is_left_on_loopback_is_named() {
        let link = |loopback, mtu, kind: &str| Link {
            name: if loopback { "lo".into() } else { "eth0".into() },
            loopback,
            mtu,
            queueing: Some(kind.into()),
        };
        for (links, expected, fix) in [
            (Ok(vec![link(true, Some(MTU), "noqueue")]), State::Ok, None),
            (Ok(vec![link(true, Some(MTU), "noop")]), State::Ok, None),
            (Ok(vec![link(true, Some(MTU), "netem")]), State::Warn, Some("sudo tc qdisc del dev lo root")),
            (Ok(vec![link(true, Some(1500), "noqueue")]), State::Warn, Some("sudo ip link set lo mtu 65536")),
            // Another device may have both.
            (
                Ok(vec![link(false, Some(1500), "fq_codel"), link(true, Some(MTU), "noqueue")]),
                State::Ok,
                None,
            ),
            (Ok(vec![link(true, None, "noqueue")]), State::Unknown, None),
            (Ok(Vec::new()), State::Unknown, None),
            (Err("refused".to_owned()), State::Unknown, None),
        ] {
            let verdict = judge(&Facts { net: Net { links, ..Net::unread() }, ..Facts::unread() });
            assert_eq!((verdict.state, verdict.fix.as_deref()), (expected, fix), "{verdict:?}");
        }
    }
}

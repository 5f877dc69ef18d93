//! A02: closed for IPv4, and open for IPv6.

use std::net::IpAddr;

use navyd_model::finding::Confidence;

use super::super::{
    Check, Facts, Judge, Reach, Subject,
    check::Found,
    firewall::{self, Verdict},
    stakes,
};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A02",
    title: "it is protected for IPv4, and forgotten for IPv6",
    why: "A router that translates addresses, and rules in a table of the family `ip`, keep strangers from IPv4 only. \
          An address of IPv6 is routed from everywhere, and the same port answers there.",
    spares: "Unique local and link-local addresses, sockets that take no IPv6, and listeners that are as open for IPv4.",
    fixes: &[(
        "",
        "bind it to ::1 and 127.0.0.1, or write the rule into a table of the family inet, which is for both",
    )],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let all = firewall::arrivals(subject, facts.interfaces.as_deref());
    if subject.listener.note.as_deref().is_some_and(|note| note.starts_with("container ")) {
        return None;
    }
    let (four, six): (Vec<_>, Vec<_>) = all.into_iter().partition(|arrival| arrival.to.is_ipv4());
    let routed: Vec<_> =
        six.into_iter().filter(|one| stakes::beyond(one.to.ip()) == Reach::Routable).collect();
    let open = routed.first()?;
    let six = facts.firewall.verdict(&routed);
    let stopped = matches!(facts.firewall.verdict(&four), Verdict::Stopped(_));
    let translated = four.iter().all(|arrival| stakes::beyond(arrival.to.ip()) == Reach::Lan);
    let four = match () {
        () if four.is_empty() => return None,
        () if stopped => "a rule keeps strangers from its IPv4 addresses",
        () if translated => "its IPv4 addresses are only those of a private network",
        () => return None,
    };
    let confidence = match six {
        Verdict::Stopped(_) => return None,
        Verdict::Open => Confidence::Observed,
        Verdict::Perhaps(_) | Verdict::Unknown(_) => Confidence::Inferred,
    };
    let evidence = format!("{four}, and {} is routed from everywhere; {}", shown(open.to.ip()), six.words());
    let found = Found::observed(stakes::power(subject), Reach::Routable, evidence);
    Some(found.sure(confidence).fix(CHECK.fix(subject)))
}

fn shown(address: IpAddr) -> String {
    format!("`{address}`")
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::Firewall,
            fixture::{bound, filtered, held, machine},
        },
        *,
    };
    use crate::kernel::Hit;

    #[test]
    fn planted_and_clean() {
        let private = ["192.168.1.7", "2001:db8::7"];
        let public = ["203.0.113.7", "2001:db8::7"];
        let (seen, guessed) = (Some(Confidence::Observed), Some(Confidence::Inferred));
        for (address, devices, four, six, expected) in [
            ("::", private, false, false, seen),
            ("::", public, true, false, seen),
            ("::", public, false, false, None),
            ("::", public, true, true, None),
            ("::", private, false, true, None),
            ("0.0.0.0", private, false, false, None),
            ("::", ["192.168.1.7", "fd00::7"], false, false, None),
            ("::", ["192.168.1.7", "fe80::7"], true, false, None),
        ] {
            let mut facts = machine(bound(address, held(3000, "node", None)), &devices);
            facts.firewall = filtered(&facts, |arrival| {
                let stops = if arrival.to.is_ipv4() { four } else { six };
                Vec::from_iter(stops.then(|| Hit::drop("drop", true)))
            });
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.map(|found| found.confidence), expected, "{address} {devices:?} {four} {six}");
        }
        let mut facts = machine(bound("::", held(3000, "node", None)), &private);
        facts.firewall = Firewall::Unreadable("only root".into());
        assert_eq!(judge(&facts.subjects[0], &facts).map(|found| found.confidence), guessed);
        facts.subjects[0].listener.v6only = Some(true);
        assert_eq!(judge(&facts.subjects[0], &facts), None, "it has no IPv4 that could be better protected");
    }
}

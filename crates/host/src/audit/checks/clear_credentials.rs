//! A62: credentials go by in clear.

use super::super::{Check, Facts, Judge, Power, Reach, Subject, check::Found};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A62",
    title: "credentials come to it in clear over the network",
    why: "A password or token in HTTP without TLS is read by whoever shares the network, and works until it is changed \
          (Firesheep, 2010).",
    spares: "What stays on this machine; HTTPS; and what no recorder of a hub has seen. The value is never kept.",
    fixes: &[("", "navyd route, and let navyd speak HTTPS in front of it")],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let port = subject.listener.port.filter(|_| subject.is_tcp())?;
    let all = facts
        .credentials
        .iter()
        .filter(|heard| heard.port == port && !heard.from.to_canonical().is_loopback());
    let first = all.clone().next()?;
    let evidence = format!(
        "{} of scheme `{}` from {} came to port {port} in HTTP without TLS",
        if all.count() == 1 { "a credential" } else { "credentials" },
        first.scheme,
        first.from
    );
    Some(Found::observed(Power::Read, Reach::Lan, evidence).fix(CHECK.fix(subject)))
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::held, *};
    use crate::audit::Credential;

    #[test]
    fn planted_and_clean() {
        for (port, from, expected) in [
            (
                3000,
                "192.168.1.9",
                Some("a credential of scheme `Basic` from 192.168.1.9 came to port 3000 in HTTP without TLS"),
            ),
            (3000, "127.0.0.1", None),
            (3000, "::ffff:127.0.0.1", None),
            (3001, "192.168.1.9", None),
        ] {
            let heard = Credential { port, from: from.parse().unwrap(), scheme: "Basic".into() };
            let facts = Facts { credentials: vec![heard], ..Facts::default() };
            let found = judge(&held(3000, "node", None), &facts);
            assert_eq!(found.map(|found| found.evidence).as_deref(), expected, "{port} {from}");
        }
        assert_eq!(judge(&held(3000, "node", None), &Facts::default()), None);
    }
}

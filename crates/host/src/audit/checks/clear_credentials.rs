//! A62: credentials go by in clear.

use std::net::IpAddr;

use navyd_model::Exposure;

use super::super::{Check, Facts, Judge, Power, Reach, Subject, check::Found};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A62",
    title: "credentials come to it in clear over the network",
    why: "A password or token in HTTP without TLS is read by whoever shares the network, and works until it is changed \
          (Firesheep, 2010).",
    spares: "What stays on this machine; HTTPS; and whatever does not pass through a hub that records, where it is said \
             to be unknown. The value is never kept.",
    fixes: &[
        (
            "navyd",
            "navyd trust install, and call it by https://; or keep it here: navyd hub --listen 127.0.0.1:{port}",
        ),
        ("", "let it speak HTTPS, or bind it to 127.0.0.1"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let listener = &subject.listener;
    // In another network namespace are other ports, and nobody comes from elsewhere to loopback.
    let is_it = subject.is_tcp() && listener.netns.is_none() && listener.exposure != Exposure::Loopback;
    let port = listener.port.filter(|_| is_it)?;
    let own: Vec<IpAddr> =
        facts.interfaces.iter().flatten().flat_map(|device| device.addresses.iter().copied()).collect();
    let is_far = |from: IpAddr| !from.is_loopback() && !own.contains(&from);
    let all =
        facts.credentials.iter().filter(|heard| heard.port == port && is_far(heard.from.to_canonical()));
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
    use super::{
        super::fixture::{bound, held, machine},
        *,
    };
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
            // This machine's own address: what it sends there stays here.
            (3000, "192.168.1.7", None),
        ] {
            let heard = Credential { port, from: from.parse().unwrap(), scheme: "Basic".into() };
            let machine = machine(bound("192.168.1.7", held(3000, "node", None)), &["192.168.1.7"]);
            let facts = Facts { credentials: vec![heard], ..machine };
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.map(|found| found.evidence).as_deref(), expected, "{port} {from}");
        }
        let heard = Credential { port: 3000, from: [192, 168, 1, 9].into(), scheme: "Basic".into() };
        let near = Facts { credentials: vec![heard], ..machine(held(3000, "node", None), &["192.168.1.7"]) };
        assert_eq!(judge(&near.subjects[0], &near), None, "nobody comes from elsewhere to loopback");
    }
}

//! A01: it listens on every address.

use navyd_model::Exposure;

use super::super::{Check, Facts, Judge, Reach, Subject, check::Found, stakes};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A01",
    title: "it listens on every address of this machine",
    why: "Whoever shares a network with this machine reaches it. Browsers, too, let any page send requests to \
          0.0.0.0 for years (0.0.0.0-day, 2024).",
    spares: "Listeners in other network namespaces, where a container needs the wildcard; machines whose only \
             address is loopback.",
    fixes: &[
        ("Vite", "vite --host 127.0.0.1"),
        ("Next.js", "next dev --hostname 127.0.0.1"),
        ("http.server", "python3 -m http.server {port} --bind 127.0.0.1"),
        ("Django", "python3 manage.py runserver 127.0.0.1:{port}"),
        ("redis-server", "redis-server --port {port} --bind 127.0.0.1 -::1"),
        ("", "bind it to 127.0.0.1 in its own settings"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let listener = &subject.listener;
    if listener.exposure != Exposure::All || listener.netns.is_some() {
        return None;
    }
    let reach = stakes::reach(subject, facts);
    if reach < Reach::Lan {
        return None;
    }
    let evidence = format!("bound to {}, and another network device is up", listener.place());
    Some(Found::observed(stakes::power(subject), reach, evidence).fix(CHECK.fix(subject)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{bound, held, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        for (address, others, reach) in [
            ("0.0.0.0", &["192.168.1.7"][..], Some(Reach::Lan)),
            ("0.0.0.0", &["203.0.113.9"], Some(Reach::Routable)),
            ("::", &["fd00::2"], Some(Reach::Lan)),
            ("0.0.0.0", &["fd00::2"], None),
            ("0.0.0.0", &[], None),
            ("127.0.0.1", &["192.168.1.7"], None),
            ("192.168.1.7", &["192.168.1.7"], None),
        ] {
            let facts = machine(bound(address, held(5173, "node", Some("Vite"))), others);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.as_ref().map(|found| found.reach), reach, "{address} {others:?}");
            if let Some(found) = found {
                assert_eq!(found.fix.as_deref(), Some("vite --host 127.0.0.1"));
            }
        }
    }
}

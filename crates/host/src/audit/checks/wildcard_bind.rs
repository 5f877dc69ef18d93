//! A01: it listens on every address.

use navyd_model::Exposure;

use super::super::{Check, Facts, Gate, Judge, Reach, Subject, check::Found, firewall, stakes};

use crate::kernel::Arrival;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A01",
    title: "it listens on every address of this machine",
    why: "Whoever shares a network with this machine reaches it. Browsers, too, let any page send requests to \
          0.0.0.0 for years (0.0.0.0-day, 2024).",
    spares: "Listeners in other network namespaces, where a container needs the wildcard; machines whose only \
             address is loopback; UDP, whose sockets are mostly those of clients.",
    fixes: &[
        ("Vite", "vite --host 127.0.0.1"),
        ("Next.js", "next dev --hostname 127.0.0.1"),
        ("Nuxt", "nuxt dev --host 127.0.0.1"),
        ("Astro", "astro dev --host 127.0.0.1"),
        ("Angular", "ng serve --host 127.0.0.1"),
        ("webpack-dev-server", "webpack serve --host 127.0.0.1"),
        ("Metro", "npx react-native start --host 127.0.0.1"),
        ("http-server", "http-server -a 127.0.0.1 -p {port}"),
        ("Flask", "flask run --host 127.0.0.1 --port {port}"),
        ("Uvicorn", "uvicorn --host 127.0.0.1 --port {port}"),
        ("Rails", "bin/rails server --binding 127.0.0.1 --port {port}"),
        ("php", "php -S 127.0.0.1:{port}"),
        ("Jupyter", "jupyter lab --ip 127.0.0.1 --port {port}"),
        ("ollama", "OLLAMA_HOST=127.0.0.1:{port} ollama serve"),
        ("postgres", "listen_addresses = 'localhost' in postgresql.conf"),
        ("mysqld", "bind-address = 127.0.0.1 below [mysqld] in my.cnf"),
        ("mariadbd", "bind-address = 127.0.0.1 below [mysqld] in my.cnf"),
        ("mongod", "mongod --bind_ip 127.0.0.1 --port {port}"),
        ("memcached", "memcached -l 127.0.0.1 -p {port}"),
        ("nginx", "listen 127.0.0.1:{port}; in nginx.conf"),
        ("http.server", "python3 -m http.server {port} --bind 127.0.0.1"),
        ("Django", "python3 manage.py runserver 127.0.0.1:{port}"),
        ("redis-server", "redis-server --port {port} --bind 127.0.0.1 -::1"),
        ("", "bind it to 127.0.0.1 in its own settings"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let listener = &subject.listener;
    if listener.exposure != Exposure::All || listener.netns.is_some() || !subject.is_tcp() {
        return None;
    }
    let reach = stakes::reach(subject, facts);
    if reach < Reach::Lan {
        return None;
    }
    let arrivals = firewall::arrivals(subject, facts.interfaces.as_deref());
    let verdict = facts.firewall.verdict(&arrivals);
    // The address that shows it: one at which nothing stops anybody, where there is one.
    let stopped = |one: &&Arrival| facts.firewall.verdict(std::slice::from_ref(*one)).gate() == Gate::Weak;
    let first = arrivals.iter().find(|one| !stopped(one)).or(arrivals.first())?;
    let evidence = format!(
        "bound to {}, and `{}` is up with {}; {}",
        listener.place(),
        first.device,
        first.to.ip(),
        verdict.words()
    );
    let found = Found::observed(stakes::power(subject), reach, evidence).behind(verdict.gate());
    Some(found.fix(CHECK.fix(subject)))
}

#[cfg(test)]
mod tests {
    use navyd_model::Protocol;

    use super::{
        super::fixture::{bound, filtered, held, machine},
        *,
    };
    use crate::kernel::Hit;

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

    #[test]
    fn the_firewall_is_told_beside_it() {
        let rule = Hit::drop("tcp dport 5173 drop", true);
        for (firewall, gate, told) in [
            (vec![], Gate::None, "no rule of the packet filter drops what comes from outside"),
            (vec![rule], Gate::Weak, "the firewall drops it from outside: tcp dport 5173 drop"),
        ] {
            let mut facts = machine(bound("0.0.0.0", held(5173, "node", None)), &["192.168.1.7"]);
            facts.firewall = filtered(&facts, |_| firewall.clone());
            let found = judge(&facts.subjects[0], &facts).unwrap();
            assert_eq!(found.gate, gate);
            assert!(found.evidence.ends_with(told), "{}", found.evidence);
            assert!(!found.evidence.contains("reachable"));
        }
    }

    #[test]
    fn sockets_of_clients_are_spared() {
        let mut facts = machine(bound("0.0.0.0", held(5353, "avahi", None)), &["192.168.1.7"]);
        facts.subjects[0].listener.proto = Protocol::Udp;
        assert_eq!(judge(&facts.subjects[0], &facts), None);
    }
}

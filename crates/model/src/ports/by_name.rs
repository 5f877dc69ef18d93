//! The port that goes by a name.

use super::{iana, usual};
use crate::listener::Protocol::{self, Tcp};

/// Short names that people say, and that neither table has as they say them.
const ALSO: &[(&str, u16)] = &[
    ("chrome", 9222),
    ("django", 8000),
    ("elastic", 9200),
    ("expo", 8081),
    ("jdwp", 5005),
    ("k8s", 6443),
    ("kubernetes", 6443),
    ("mongo", 27017),
    ("mssql", 1433),
    ("next", 3000),
    ("nextjs", 3000),
    ("node", 3000),
    ("nodejs", 3000),
    ("oracle", 1521),
    ("otlp", 4317),
    ("postgres", 5432),
    ("rdp", 3389),
    ("sqlserver", 1433),
    ("www", 80),
];

/// The port of a name as a person writes it, in any case: registered with IANA (`postgresql`, `domain`), or
/// usual (`Vite`, `next.js`, `mailpit`). The usual one wins, since it is what developers mean, and TCP wins
/// over UDP. `None` when neither knows it.
pub fn by_name(name: &str) -> Option<(u16, Protocol)> {
    let also = ALSO.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    if let Some((_, port)) = also {
        return Some((*port, Tcp));
    }
    let usual =
        usual::USUAL.iter().filter(|(.., text)| text.split(" / ").any(|one| one.eq_ignore_ascii_case(name)));
    if let Some((port, proto, _)) = usual.min_by_key(|(port, proto, _)| (*proto, *port)) {
        return Some((*port, *proto));
    }
    iana::places(name).min_by_key(|(port, proto)| (*proto, *port))
}

#[cfg(test)]
mod tests {
    use super::{Protocol::Udp, *};

    #[test]
    fn names_people_type() {
        for (name, expected) in [
            ("http", Some((80, Tcp))),
            ("HTTP", Some((80, Tcp))),
            ("www", Some((80, Tcp))),
            ("https", Some((443, Tcp))),
            ("ssh", Some((22, Tcp))),
            ("domain", Some((53, Tcp))),
            ("dns", Some((53, Tcp))),
            ("mdns", Some((5353, Udp))),
            ("bootps", Some((67, Tcp))),
            ("llmnr", Some((5355, Udp))),
            ("postgresql", Some((5432, Tcp))),
            ("postgres", Some((5432, Tcp))),
            ("PostgreSQL", Some((5432, Tcp))),
            ("redis", Some((6379, Tcp))),
            ("valkey", Some((6379, Tcp))),
            ("mysql", Some((3306, Tcp))),
            ("mongodb", Some((27017, Tcp))),
            ("vite", Some((5173, Tcp))),
            ("Next.js", Some((3000, Tcp))),
            ("rails", Some((3000, Tcp))),
            ("jupyter", Some((8888, Tcp))),
            ("mailpit", Some((8025, Tcp))),
            ("kafka", Some((9092, Tcp))),
            ("docker", Some((2375, Tcp))),
            ("wireguard", Some((51820, Udp))),
            ("navyd", Some((62893, Tcp))),
            ("abc", None),
            ("localhost", None),
            ("", None),
            (" ", None),
            ("/", None),
            ("http\0", None),
            ("ｈttp", None),
        ] {
            assert_eq!(by_name(name), expected, "{name:?}");
        }
    }

    #[test]
    fn every_short_name_leads_to_a_usual_port() {
        assert!(ALSO.is_sorted_by(|a, b| a.0 < b.0), "out of order or twice");
        for (name, port) in ALSO {
            assert!(usual::usual(*port, Tcp).is_some(), "{name}: {port}");
        }
    }
}

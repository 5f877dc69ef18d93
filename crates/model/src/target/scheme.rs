//! The ports that URL schemes stand for.

use crate::listener::Protocol;

/// The scheme and what follows `://`, when the text is a URL. `jdbc:postgresql://…` is one of `postgresql`.
///
/// RFC 3986 §3.1: `scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )`, and "an implementation should accept
/// uppercase letters as equivalent to lowercase in scheme names".
pub(super) fn split(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let scheme = scheme.strip_prefix("jdbc:").unwrap_or(&scheme);
    let valid = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char));
    valid.then(|| (scheme.to_owned(), rest))
}

/// The port a URL of this scheme means when it gives none. The driver that SQLAlchemy and others put behind a
/// plus (`postgresql+asyncpg`) does not change it.
pub(super) fn default_port(scheme: &str) -> Option<u16> {
    // The port of `mongodb+srv` is in a DNS record.
    if scheme == "mongodb+srv" {
        return None;
    }
    let find = |scheme| PORTS.iter().find(|(known, _)| *known == scheme).map(|(_, port)| *port);
    find(scheme).or_else(|| find(scheme.split_once('+')?.0))
}

/// The protocol, where the scheme is the name of one.
pub(super) fn protocol(scheme: &str) -> Option<Protocol> {
    match scheme {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    }
}

/// Whether the scheme names files or unix sockets, which have no port.
pub(super) fn names_a_path(scheme: &str) -> bool {
    matches!(scheme, "file" | "unix" | "unixgram" | "npipe" | "http+unix" | "redis+unix")
}

/// Sorted by scheme. `grpc` and the like are absent because nobody agrees on their port.
const PORTS: &[(&str, u16)] = &[
    ("amqp", 5672),
    ("amqps", 5671),
    ("clickhouse", 9000),
    ("coap", 5683),
    ("cockroachdb", 26257),
    ("dns", 53),
    ("ftp", 21),
    ("ftps", 990),
    ("git", 9418),
    ("git+https", 443),
    ("git+ssh", 22),
    ("http", 80),
    ("https", 443),
    ("imap", 143),
    ("imaps", 993),
    ("ipp", 631),
    ("kafka", 9092),
    ("ldap", 389),
    ("ldaps", 636),
    ("mariadb", 3306),
    ("memcached", 11211),
    ("mongodb", 27017),
    ("mqtt", 1883),
    ("mqtts", 8883),
    ("mssql", 1433),
    ("mysql", 3306),
    ("nats", 4222),
    ("neo4j", 7687),
    ("pop3", 110),
    ("pop3s", 995),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("rdp", 3389),
    ("redis", 6379),
    ("rediss", 6379),
    ("rsync", 873),
    ("rtmp", 1935),
    ("rtsp", 554),
    ("sftp", 22),
    ("smb", 445),
    ("smtp", 25),
    ("smtps", 465),
    ("socks5", 1080),
    ("sqlserver", 1433),
    ("ssh", 22),
    ("telnet", 23),
    ("valkey", 6379),
    ("vnc", 5900),
    ("ws", 80),
    ("wss", 443),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_and_their_ports() {
        assert!(PORTS.is_sorted_by(|a, b| a.0 < b.0), "out of order or twice");
        for (text, scheme, port) in [
            ("http://h", Some("http"), Some(80)),
            ("WSS://h", Some("wss"), Some(443)),
            ("postgresql+asyncpg://h", Some("postgresql+asyncpg"), Some(5432)),
            ("jdbc:mysql://h", Some("mysql"), Some(3306)),
            ("mongodb+srv://h", Some("mongodb+srv"), None),
            ("git+ssh://h", Some("git+ssh"), Some(22)),
            ("grpc://h", Some("grpc"), None),
            ("://h", None, None),
            ("1http://h", None, None),
            ("h:80/?u=http://x", None, None),
            ("http:/h", None, None),
        ] {
            let found = split(text).map(|(scheme, _)| scheme);
            assert_eq!(found.as_deref(), scheme, "{text}");
            assert_eq!(found.and_then(|scheme| default_port(&scheme)), port, "{text}");
        }
    }
}

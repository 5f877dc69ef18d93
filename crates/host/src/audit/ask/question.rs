//! The questions and their bytes: pure.

use std::net::{IpAddr, SocketAddr};

/// A name that no machine has (RFC 6761 §6.4): who answers to it answers to every name.
pub(in super::super) const FOREIGN: &str = "navyd-audit.invalid";

/// One request, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What it asks.
    pub ask: Ask,
    /// Where it is sent: an address of this machine.
    pub to: SocketAddr,
    /// Whether that is the way that others come, and not the nearest one.
    pub far: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The checks that judge the answer.
    pub checks: Vec<&'static str>,
}

/// What a question asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A path that nobody has, by the listener's own name, for a page of a foreign origin.
    Control,
    /// A path by the listener's own name.
    Page(&'static str),
    /// A path by a foreign name, for a page of that origin.
    Foreign(&'static str),
    /// A WebSocket at a path by the listener's own name, for a page of a foreign origin.
    Socket(&'static str),
    /// A word of another protocol.
    Word(Word),
}

/// The words of the protocols that are not HTTP. None changes anything, and each is answered before any login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Redis: `PING`.
    Ping,
    /// Memcached: `version`.
    Version,
    /// MongoDB: the names of the databases. `hello` would be answered without any right, this is not.
    Databases,
    /// PostgreSQL: whether it offers TLS.
    Tls,
}

impl Ask {
    /// Its bytes for a listener at `to`; `drawn` is what makes the control's path one that nobody has.
    pub(super) fn bytes(self, to: SocketAddr, drawn: &str) -> Vec<u8> {
        let own = own_name(to);
        let foreign = format!("http://{FOREIGN}");
        match self {
            Self::Control => get(&format!("/navyd-audit-{drawn}"), &own, Some(&foreign)),
            Self::Page(path) => get(path, &own, None),
            Self::Foreign(path) => get(path, FOREIGN, Some(&foreign)),
            Self::Socket(path) => upgrade(path, &own, &foreign),
            Self::Word(word) => word.bytes().to_vec(),
        }
    }

    /// Whether it is asked by HTTP.
    pub(super) fn is_http(self) -> bool {
        !matches!(self, Self::Word(_))
    }
}

impl Word {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Ping => b"*1\r\n$4\r\nPING\r\n",
            Self::Version => b"version\r\n",
            // OP_MSG (2013) number 1, one section: `{listDatabases: 1, nameOnly: true, $db: "admin"}`.
            Self::Databases => {
                b"\x47\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x32\0\0\0\
                  \x10listDatabases\0\x01\0\0\0\x08nameOnly\0\x01\x02$db\0\x06\0\0\0admin\0\0"
            }
            // `SSLRequest`: a length of 8, and the number 80877103.
            Self::Tls => &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f],
        }
    }
}

/// How a browser of this machine calls it.
fn own_name(to: SocketAddr) -> String {
    let localhost = matches!(to.ip(), IpAddr::V4(v4) if v4.is_loopback() && v4.octets()[3] == 1)
        || to.ip().to_canonical().is_loopback() && to.ip().is_ipv6();
    if localhost { format!("localhost:{}", to.port()) } else { to.to_string() }
}

/// HTTP/1.0, so that the answer is one piece and its end is the connection's. No `Accept-Encoding`: it is compared as
/// it is.
fn get(path: &str, host: &str, origin: Option<&str>) -> Vec<u8> {
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    format!(
        "GET {path} HTTP/1.0\r\nHost: {host}\r\n{origin}User-Agent: navyd-audit\r\n\
         Accept: application/json, text/html;q=0.9, */*;q=0.8\r\n\r\n"
    )
    .into_bytes()
}

/// RFC 6455 §4.1; the key is that of §1.3, because nothing depends on it.
fn upgrade(path: &str, host: &str, origin: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nUser-Agent: navyd-audit\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_these() {
        let to = "127.0.0.1:3000".parse().unwrap();
        let text = |ask: Ask| String::from_utf8(ask.bytes(to, "ab12")).unwrap();
        let control = text(Ask::Control);
        assert!(control.starts_with(
            "GET /navyd-audit-ab12 HTTP/1.0\r\nHost: localhost:3000\r\nOrigin: http://navyd-audit.invalid\r\n"
        ));
        let page = text(Ask::Page("/x"));
        assert!(page.starts_with("GET /x HTTP/1.0\r\nHost: localhost:3000\r\nUser-Agent: "), "{page}");
        assert!(
            text(Ask::Foreign("/")).starts_with("GET / HTTP/1.0\r\nHost: navyd-audit.invalid\r\nOrigin: ")
        );
        assert!(text(Ask::Socket("/ws")).starts_with("GET /ws HTTP/1.1\r\nHost: localhost:3000\r\n"));
        for ask in [Ask::Control, Ask::Page("/"), Ask::Foreign("/"), Ask::Socket("/")] {
            let asked = text(ask);
            assert!(asked.starts_with("GET /") && asked.ends_with("\r\n\r\n"), "{asked}");
        }
    }

    #[test]
    fn a_listener_is_called_by_its_own_name() {
        for (to, name) in [
            ("127.0.0.1:80", "localhost:80"),
            ("[::1]:80", "localhost:80"),
            ("127.0.0.2:80", "127.0.0.2:80"),
            ("192.168.1.7:80", "192.168.1.7:80"),
            ("[fd00::2]:80", "[fd00::2]:80"),
        ] {
            assert_eq!(own_name(to.parse().unwrap()), name);
        }
    }

    #[test]
    fn a_message_of_mongodb_is_as_long_as_it_says() {
        let bytes = Word::Databases.bytes();
        assert_eq!(bytes.len(), usize::from(bytes[0]));
        assert_eq!(bytes.len() - 21, usize::from(bytes[21]));
    }
}

//! The questions and their bytes: pure.

use std::net::{IpAddr, SocketAddr};

use crate::probe::{self, Answer, Flight};

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
    /// The bytes; none where the listener is the one that speaks first.
    pub bytes: Vec<u8>,
    /// What ends the talk as its protocol wants it, sent only where the answer has begun one; mostly nothing.
    pub farewell: &'static [u8],
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
    /// The greeting of TLS 1.2, to which a certificate is shown in clear. Version 1.3 would encrypt it.
    Hello,
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
    /// MySQL and MariaDB, which greet whoever comes: nothing is said.
    Greeting,
}

/// The end of a WebSocket: a close frame with the status 1000 (RFC 6455 §5.5.1), masked as whatever a client sends
/// (§5.3). The key is always the same, because nothing secret is behind it.
const CLOSE: &[u8] = &[0x88, 0x82, b'n', b'a', b'v', b'y', 0x03 ^ b'n', 0xe8 ^ b'a'];

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
            Self::Hello => probe::CLIENT_HELLO.to_vec(),
            Self::Word(word) => word.bytes().to_vec(),
        }
    }

    /// What ends the talk that it may begin.
    pub(super) fn farewell(self) -> &'static [u8] {
        match self {
            Self::Socket(_) => CLOSE,
            Self::Hello => probe::CANCEL,
            Self::Control | Self::Page(_) | Self::Foreign(_) | Self::Word(_) => b"",
        }
    }

    /// Whether this answer has begun one: then it is ended in order, and else there is nobody to say it to.
    pub(super) fn has_begun(self, said: &[u8]) -> bool {
        match self {
            // RFC 6455 §4.1: any other status is no WebSocket. One that is closing already needs no other end.
            Self::Socket(_) => Answer::read(said).is_some_and(|answer| {
                answer.status == 101 && answer.body.first().is_none_or(|first| first & 0x0f != 8)
            }),
            Self::Hello => Flight::read(said).is_some_and(|flight| flight.is_open()),
            Self::Control | Self::Page(_) | Self::Foreign(_) | Self::Word(_) => false,
        }
    }

    /// Whether it is asked by HTTP.
    pub(super) fn is_http(self) -> bool {
        !matches!(self, Self::Word(_) | Self::Hello)
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
            Self::Greeting => b"",
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
    fn what_has_begun_is_ended() {
        const TLS: &[u8] = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03\
            0123456789abcdef0123456789abcdef\x00\xc0\x2f\x00";
        for (ask, said, expected) in [
            (Ask::Socket("/"), &b"HTTP/1.1 101 x\r\n\r\n"[..], true),
            (Ask::Socket("/"), b"HTTP/1.1 101 x\r\n\r\n\x81\x02hi", true),
            (Ask::Socket("/"), b"HTTP/1.1 101 x\r\n\r\n\x88\0", false),
            (Ask::Socket("/"), b"HTTP/1.1 403 x\r\n\r\n", false),
            (Ask::Socket("/"), b"", false),
            (Ask::Hello, TLS, true),
            (Ask::Hello, b"\x15\x03\x01\0\x02\x02\x46", false),
            (Ask::Hello, b"HTTP/1.1 400 x\r\n\r\n", false),
            (Ask::Page("/"), b"HTTP/1.1 200 x\r\n\r\n", false),
        ] {
            assert_eq!(ask.has_begun(said), expected, "{ask:?} {said:?}");
        }
        // The status 1000, by its key.
        assert_eq!([CLOSE[6] ^ CLOSE[2], CLOSE[7] ^ CLOSE[3]], 1000_u16.to_be_bytes());
        assert_eq!(usize::from(CLOSE[1] & 0x7f), CLOSE.len() - 6);
    }

    #[test]
    fn a_message_of_mongodb_is_as_long_as_it_says() {
        let bytes = Word::Databases.bytes();
        assert_eq!(bytes.len(), usize::from(bytes[0]));
        assert_eq!(bytes.len() - 21, usize::from(bytes[21]));
    }
}

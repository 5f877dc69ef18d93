//! A response, on its way to a client.

use super::{Fate, copy, is_named, via};
use crate::{Framing, Known, Response, Version};

/// What the caller decides about a response.
#[derive(Debug, Clone, Copy)]
pub struct Back<'a> {
    /// Our name in Via, a token (RFC 9110 §7.6.3).
    pub via: &'a str,
    /// How the body is written.
    pub body: BodyAs,
    /// What the client is told about its connection.
    pub stay: Stay,
    /// More field lines, each with its line end.
    pub extra: &'a [u8],
}

/// How the body behind a forwarded head is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyAs {
    /// With the framing and the bytes it came with.
    Sent,
    /// As chunks that the caller makes, so that a body until close does not end the client's connection.
    Chunked,
    /// As payload alone, until the client's connection closes. RFC 9112 §6.1: "A server MUST NOT send a response
    /// containing Transfer-Encoding unless the corresponding request indicates HTTP/1.1".
    Plain,
}

/// What a client is told about its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Nothing: it persists, to a client of HTTP/1.1.
    Silent,
    /// `close`, always before we close it (RFC 9112 §9.6).
    Close,
    /// `keep-alive`, to a client of HTTP/1.0 that said so.
    KeepAlive,
}

/// Writes the head of a response behind what `out` holds, as HTTP/1.1.
pub fn response(bytes: &[u8], response: &Response, back: &Back<'_>, out: &mut Vec<u8>) {
    const NEVER: u32 = Known::Connection.bit()
        | Known::KeepAlive.bit()
        | Known::ProxyConnection.bit()
        | Known::Te.bit()
        | Known::Upgrade.bit();
    let head = response.head();
    // RFC 9110 §15.5.22: a 426 "MUST send an Upgrade header field" too.
    let upgrade = matches!(response.status(), 101 | 426) && head.has(Known::Upgrade);
    let mut never = if upgrade { NEVER & !Known::Upgrade.bit() } else { NEVER };
    // RFC 9110 §8.6, RFC 9112 §6.1: neither stands in these.
    if matches!(response.status(), 100..200 | 204) || head.framing() == Framing::Tunnel {
        never |= Known::ContentLength.bit() | Known::TransferEncoding.bit();
    }
    match back.body {
        BodyAs::Sent => {}
        BodyAs::Chunked => never |= Known::ContentLength.bit() | Known::TransferEncoding.bit(),
        BodyAs::Plain => never |= Known::TransferEncoding.bit() | Known::Trailer.bit(),
    }
    out.reserve(head.end + 256);

    let line = head.first_line(bytes);
    let mut from = head.start;
    // RFC 9112 §4: "A server MUST send the space that separates the status-code from the reason-phrase even when the
    // reason-phrase is absent".
    if head.version() != Version::Http11 || line.len() < 13 {
        from = head.fields_start;
        for part in [b"HTTP/1.1 ", &line[9..12], b" ", response.reason(bytes), b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    let fate = |field: &crate::Field| match field.known() {
        known if never & known.bit() != 0 => Fate::Drop,
        Known::Upgrade => Fate::Keep,
        _ if is_named(bytes, head, field) => Fate::Drop,
        _ => Fate::Keep,
    };
    copy(bytes, head, from, fate, out);
    if back.body == BodyAs::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    out.extend_from_slice(match (upgrade, back.stay) {
        (false, Stay::Silent) => b"",
        (false, Stay::Close) => b"Connection: close\r\n",
        (false, Stay::KeepAlive) => b"Connection: keep-alive\r\n",
        (true, Stay::Close) => b"Connection: Upgrade, close\r\n",
        (true, _) => b"Connection: Upgrade\r\n",
    });
    via(head, back.via, out);
    out.extend_from_slice(back.extra);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::{Back, BodyAs, Stay, response};
    use crate::{Asked, Limits, Parsed, Response, Verb};

    const SENT: Back<'_> = Back { via: "navyd", body: BodyAs::Sent, stay: Stay::Silent, extra: b"" };

    /// `|` stands for CRLF.
    fn check(back: Back<'_>, verb: Verb, from: &str, expected: &str) {
        let bytes = from.replace('|', "\r\n").into_bytes();
        let mut parsed = Response::default();
        let found = parsed.parse(&bytes, 0, &Limits::default(), Asked { verb, upgrade: true });
        assert_eq!(found, Ok(Parsed::Complete(bytes.len())), "{from}");
        let mut out = Vec::new();
        response(&bytes, &parsed, &back, &mut out);
        assert_eq!(String::from_utf8(out).expect("ASCII").replace("\r\n", "|"), expected, "{from}");
    }

    #[test]
    fn bytes_are_kept_and_hop_by_hop_fields_are_not() {
        let check = |from, expected| check(SENT, Verb::Get, from, expected);
        check(
            "HTTP/1.1 200 All  Right|content-length: 2|Set-Cookie: a|Set-Cookie: b||",
            "HTTP/1.1 200 All  Right|content-length: 2|Set-Cookie: a|Set-Cookie: b|Via: 1.1 navyd||",
        );
        check(
            "HTTP/1.1 200 OK|Connection: X-Secret|X-Secret: 1|Keep-Alive: timeout=5|Content-Length: 2||",
            "HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 navyd||",
        );
        check(
            "HTTP/1.1 103 Early Hints|Link: </a>||",
            "HTTP/1.1 103 Early Hints|Link: </a>|Via: 1.1 navyd||",
        );
        check("HTTP/1.1 200 OK|Upgrade: h2c||", "HTTP/1.1 200 OK|Via: 1.1 navyd||");
    }

    #[test]
    fn status_lines_are_ours() {
        let check = |from, expected| check(SENT, Verb::Get, from, expected);
        check("HTTP/1.1 200||", "HTTP/1.1 200 |Via: 1.1 navyd||");
        check("HTTP/1.0 404 No|A: b||", "HTTP/1.1 404 No|A: b|Via: 1.0 navyd||");
        check("HTTP/1.0 404||", "HTTP/1.1 404 |Via: 1.0 navyd||");
    }

    #[test]
    fn upgrades_are_said_anew() {
        check(
            SENT,
            Verb::Get,
            "HTTP/1.1 101 S|Upgrade: websocket|Connection: upgrade||",
            "HTTP/1.1 101 S|Upgrade: websocket|Connection: Upgrade|Via: 1.1 navyd||",
        );
        check(
            Back { stay: Stay::Close, ..SENT },
            Verb::Get,
            "HTTP/1.1 426 U|Upgrade: websocket|Content-Length: 0||",
            "HTTP/1.1 426 U|Upgrade: websocket|Content-Length: 0|Connection: Upgrade, close|Via: 1.1 navyd||",
        );
    }

    #[test]
    fn framing_is_what_the_caller_writes() {
        let chunked = Back { body: BodyAs::Chunked, extra: b"X: 1\r\n", ..SENT };
        check(
            chunked,
            Verb::Get,
            "HTTP/1.0 200 OK||",
            "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Via: 1.0 navyd|X: 1||",
        );
        let plain = Back { body: BodyAs::Plain, stay: Stay::Close, ..SENT };
        check(
            plain,
            Verb::Get,
            "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Trailer: A||",
            "HTTP/1.1 200 OK|Connection: close|Via: 1.1 navyd||",
        );
        check(SENT, Verb::Get, "HTTP/1.1 204 N|Content-Length: 0||", "HTTP/1.1 204 N|Via: 1.1 navyd||");
        check(SENT, Verb::Connect, "HTTP/1.1 200 N|Content-Length: 9||", "HTTP/1.1 200 N|Via: 1.1 navyd||");
        check(
            SENT,
            Verb::Head,
            "HTTP/1.1 200 OK|Content-Length: 9||",
            "HTTP/1.1 200 OK|Content-Length: 9|Via: 1.1 navyd||",
        );
    }
}

//! WebSocket: asked only where the answer to plain HTTP was that an upgrade is wanted.
//!
//! Deliberately not tried on servers of pages: a handshake would open a session of whatever application it
//! meets.

use super::{
    answer::Answer,
    leaf::{Base, Found, Probe, Turn, Verdict},
    text,
};

/// The WebSocket protocol (RFC 6455) on `/`.
pub(super) struct Websocket;

/// The handshake, with the key of RFC 6455 §1.3.
const HANDSHAKE: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost:PORT\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// What that key must be answered with, from the same section.
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Close, normally (1000), masked with zeros as RFC 6455 §5.3 lets a client do.
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

impl Probe for Websocket {
    fn name(&self) -> &'static str {
        "WebSocket"
    }

    fn turn(&self) -> Turn {
        Turn::Follows(Base::Http1)
    }

    fn sends(&self) -> &'static [u8] {
        HANDSHAKE
    }

    fn farewell(&self) -> &'static [u8] {
        CLOSE
    }

    /// 426 (RFC 9110 §15.5.22), or an error that speaks of WebSocket, as some libraries write to HTTP/1.0.
    fn invited(&self, reply: &[u8]) -> bool {
        Answer::read(reply).is_some_and(|answer| match answer.status {
            426 => true,
            400 => text::contains(answer.body, b"WebSocket"),
            _ => false,
        })
    }

    /// RFC 9110 §15.5.22: "The server MUST send an Upgrade header field in a 426 response". Some do not; those
    /// are asked.
    fn within(&self, base: Base, reply: &[u8]) -> Option<Found> {
        let answer = Answer::read(reply).filter(|_| base == Base::Http1)?;
        let wanted = answer.status == 426 && answer.says("upgrade", "websocket");
        wanted.then(|| answer.behind("WebSocket", None))
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        match Answer::read(reply) {
            None if !ended => Verdict::More,
            Some(answer)
                if answer.status == 101 && answer.heading("sec-websocket-accept") == Some(ACCEPT) =>
            {
                Verdict::Yes(answer.behind("WebSocket", Some("opens on `/`".to_owned())))
            }
            _ => Verdict::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::leaf::tests::{check, check_within},
        *,
    };

    #[test]
    fn answers() {
        check(
            &Websocket,
            &[
                (
                    b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
                    Some(("WebSocket", Some("opens on `/`, over HTTP/1.1"))),
                ),
                (b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: AAAA\r\n\r\n", None),
                (b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n", None),
                (b"HTTP/1.1 200 OK\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", None),
            ],
        );
    }

    #[test]
    fn behind_http() {
        check_within(
            &Websocket,
            Base::Http1,
            &[
                (
                    b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\r\n",
                    Some(("WebSocket", Some("over HTTP/1.1"))),
                ),
                (b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.0\r\n\r\n", None),
                (b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\n\r\n", None),
            ],
        );
        assert!(Websocket.invited(b"HTTP/1.1 426 Upgrade Required\r\n\r\nUpgrade Required"));
        assert!(Websocket.invited(b"HTTP/1.1 400 Bad Request\r\n\r\nFailed to open a WebSocket connection"));
        assert!(!Websocket.invited(b"HTTP/1.1 200 OK\r\n\r\n<script>new WebSocket('/')</script>"));
    }
}

//! HTTP/2 in clear, with prior knowledge.
//!
//! A server that speaks only HTTP/2 answers anything with its settings, so what counts is the frame.

use super::{
    frames::{GOAWAY, starts_with_settings},
    leaf::{Base, Found, Probe, Turn, Verdict},
};

/// HTTP/2 without TLS (RFC 9113), often written h2c.
pub(super) struct Http2;

/// The client's preface (RFC 9113 §3.4) and empty settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

impl Probe for Http2 {
    fn name(&self) -> &'static str {
        "HTTP/2"
    }

    fn turn(&self) -> Turn {
        Turn::Asks
    }

    fn ports(&self) -> &'static [u16] {
        &[50_051]
    }

    fn sends(&self) -> &'static [u8] {
        PREFACE
    }

    fn farewell(&self) -> &'static [u8] {
        GOAWAY
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        if reply.len() < 9 && !ended {
            return Verdict::More;
        }
        Verdict::from_found(self.overheard(reply))
    }

    /// Servers may send their settings as soon as the connection is made.
    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        starts_with_settings(bytes).then(|| Found {
            protocol: "HTTP/2".to_owned(),
            detail: Some("in clear (h2c)".to_owned()),
            base: Some(Base::Http2),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{frames::tests::SETTINGS, leaf::tests::check},
        *,
    };

    #[test]
    fn answers() {
        let known = Some(("HTTP/2", Some("in clear (h2c)")));
        check(
            &Http2,
            &[
                (SETTINGS, known),
                (b"\0\0\0\x04\0\0\0\0\0", known),
                (b"\0\0\0\x04\x01\0\0\0\0", None),
                (b"\0\0\0\x04\0\0\0\0\x01", None),
                (b"\0\0\x05\x04\0\0\0\0\0", None),
                (b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0", None),
                (b"\0\0\0\x04", None),
                (b"HTTP/1.1 400 Bad Request\r\n\r\n", None),
            ],
        );
        assert_eq!(Http2.recognise(b"\0\0", false), Verdict::More);
    }
}

//! HTTP/2 in clear, with prior knowledge.
//!
//! A server that speaks only HTTP/2 answers anything with its settings, so what counts is the frame.

use super::leaf::{Base, Found, Probe, Turn, Verdict};

/// HTTP/2 without TLS (RFC 9113), often written h2c.
pub(super) struct Http2;

/// The client's preface (RFC 9113 §3.4) and empty settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// GOAWAY, stream 0 the last, no error: the peaceful end.
const GOAWAY: &[u8] = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The types of the frames read here (RFC 9113 §6).
pub(super) const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;

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

/// RFC 9113 §3.4: "The server connection preface consists of a potentially empty SETTINGS frame that MUST be
/// the first frame the server sends." On stream 0, no acknowledgement, six bytes for each setting.
pub(super) fn starts_with_settings(bytes: &[u8]) -> bool {
    let Some((head, _)) = bytes.split_first_chunk::<9>() else { return false };
    // No server is known to send more than twenty settings; the bound keeps noise away.
    head[..2] == [0, 0] && head[2] <= 120 && head[2] % 6 == 0 && head[3..] == [SETTINGS, 0, 0, 0, 0, 0]
}

/// The payloads of the frames of one type, the last perhaps cut.
pub(super) fn frames(mut bytes: &[u8], kind: u8) -> Vec<&[u8]> {
    let mut payloads = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let payload = &rest[..length.min(rest.len())];
        if head[3] == kind {
            payloads.push(payload);
        }
        bytes = &rest[payload.len()..];
    }
    payloads
}

#[cfg(test)]
pub(super) mod tests {
    use super::{super::leaf::tests::check, *};

    pub(in super::super) const SETTINGS: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x80";

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

    #[test]
    fn frames_of_a_type() {
        let bytes = [SETTINGS, b"\0\0\x02\x01\x04\0\0\0\x01ab", b"\0\0\x09\x01\x04\0\0\0\x01cut"].concat();
        assert_eq!(frames(&bytes, HEADERS), [&b"ab"[..], b"cut"]);
    }
}

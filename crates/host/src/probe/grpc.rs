//! gRPC: a call of a method that no server has is answered, over HTTP/2, in its own words.

use super::{
    frames::{GOAWAY, HEADERS, frames, starts_with_settings},
    leaf::{Base, Found, Probe, Turn, Verdict},
};

/// gRPC over HTTP/2 in clear.
pub(super) struct Grpc;

/// The preface, empty settings, the headings of `POST /navyd.Probe/Ask` (literals that no table keeps, in
/// HPACK), and an empty message that ends the stream.
#[rustfmt::skip]
const CALL: &[u8] =
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
      \0\0\x3f\x01\x04\0\0\0\x01\
      \x83\x86\
      \x04\x10/navyd.Probe/Ask\
      \x01\x09localhost\
      \x0f\x10\x10application/grpc\
      \0\x02te\x08trailers\
      \0\0\x05\0\x01\0\0\0\x01\0\0\0\0\0";

/// The texts looked for, as they are and in the Huffman code of RFC 7541, Appendix B: HPACK puts a text
/// whole, on a byte's border, in one of the two.
const CONTENT_TYPE: [&[u8]; 2] =
    [b"application/grpc", &[0x1d, 0x75, 0xd0, 0x62, 0x0d, 0x26, 0x3d, 0x4c, 0x4d, 0x65, 0x64]];
const STATUS: [&[u8]; 2] = [b"grpc-status", &[0x9a, 0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f]];

impl Probe for Grpc {
    fn name(&self) -> &'static str {
        "gRPC"
    }

    fn turn(&self) -> Turn {
        Turn::Follows(Base::Http2)
    }

    fn ports(&self) -> &'static [u16] {
        &[50_051]
    }

    fn sends(&self) -> &'static [u8] {
        CALL
    }

    /// Who speaks HTTP/2 in clear is mostly a gRPC server.
    fn invited(&self, reply: &[u8]) -> bool {
        starts_with_settings(reply)
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        if reply.len() < 9 && !ended {
            return Verdict::More;
        }
        if !starts_with_settings(reply) {
            return Verdict::No;
        }
        let has = |texts: &[&[u8]]| {
            let found = |payload: &[u8]| {
                texts.iter().any(|text| payload.windows(text.len()).any(|part| part == *text))
            };
            frames(reply, HEADERS).into_iter().any(found)
        };
        match (has(&CONTENT_TYPE) && has(&STATUS), ended) {
            (true, _) => Verdict::Yes(Found::new("gRPC", "over HTTP/2 in clear (h2c)".to_owned())),
            (false, true) => Verdict::No,
            (false, false) => Verdict::More,
        }
    }

    fn farewell(&self) -> &'static [u8] {
        GOAWAY
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{frames::tests::SETTINGS, leaf::tests::check},
        *,
    };

    fn answer(headings: &[u8]) -> Vec<u8> {
        let head = [0, 0, u8::try_from(headings.len()).unwrap(), 1, 5, 0, 0, 0, 1];
        [SETTINGS, &head, headings].concat()
    }

    #[test]
    fn answers() {
        let known = Some(("gRPC", Some("over HTTP/2 in clear (h2c)")));
        let plain = answer(b"\x88\x0f\x10\x10application/grpc\0\x0bgrpc-status\x0212");
        let coded =
            answer(&[&[0x88, 0x5f, 0x8b], CONTENT_TYPE[1], &[0x40, 0x88], STATUS[1], b"\x0212"].concat());
        check(
            &Grpc,
            &[
                (&plain, known),
                (&coded, known),
                (&answer(b"\x8d\x0f\x10\x09text/html"), None),
                (&answer(b"\x88\x0f\x10\x10application/grpc"), None),
                (SETTINGS, None),
                (b"HTTP/1.1 415 x\r\ncontent-type: application/grpc\r\ngrpc-status: 12\r\n\r\n", None),
            ],
        );
    }

    #[test]
    fn the_frames_of_the_question_are_as_long_as_they_say() {
        let headings = frames(&CALL[24..], HEADERS);
        assert_eq!(headings.len(), 1);
        assert_eq!(headings[0].len(), 0x3f);
        assert!(headings[0].ends_with(b"trailers"));
        assert_eq!(frames(&CALL[24..], 0), [&b"\0\0\0\0\0"[..]]);
    }
}

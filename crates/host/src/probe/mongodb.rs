//! MongoDB: `hello` is answered before any login.

use super::{
    leaf::{Found, Probe, Turn, Verdict},
    text,
};

/// The MongoDB wire protocol.
pub(super) struct Mongodb;

/// OP_MSG (2013) number 1, one section: `{hello: 1, $db: "admin"}`.
#[rustfmt::skip]
const HELLO: &[u8] =
    b"\x34\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\
      \x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";

/// The answer's code.
const OP_MSG: [u8; 4] = [0xdd, 0x07, 0, 0];

/// An int32 of the answer, by type and name, as BSON writes it.
const WIRE_VERSION: &[u8] = b"\x10maxWireVersion\0";

impl Probe for Mongodb {
    fn name(&self) -> &'static str {
        "MongoDB"
    }

    fn turn(&self) -> Turn {
        Turn::Waits
    }

    fn programs(&self) -> &'static [&'static str] {
        &["mongod", "mongos", "ferretdb"]
    }

    fn ports(&self) -> &'static [u16] {
        &[27_017, 27_018, 27_019]
    }

    fn sends(&self) -> &'static [u8] {
        HELLO
    }

    /// A head of sixteen bytes: length, number, the number answered, code.
    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some((head, _)) = reply.split_first_chunk::<16>() else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if head[8..12] != [1, 0, 0, 0] || head[12..] != OP_MSG {
            return Verdict::No;
        }
        if reply.len() < length {
            return if ended { Verdict::No } else { Verdict::More };
        }
        let after = |at: usize| reply.get(at + WIRE_VERSION.len()..)?.first_chunk::<4>();
        let version = reply.windows(WIRE_VERSION.len()).position(|name| name == WIRE_VERSION).and_then(after);
        Verdict::from_found(
            version.map(|version| {
                Found::new("MongoDB", format!("wire version {}", i32::from_le_bytes(*version)))
            }),
        )
    }

    /// What it answers to HTTP, in HTTP.
    fn invited(&self, reply: &[u8]) -> bool {
        text::contains(reply, b"trying to access MongoDB over HTTP")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{super::leaf::tests::check, *};

    pub(in super::super) const HELLO: &[u8] =
        b"\x2e\0\0\0\x07\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\x19\0\0\0\x10maxWireVersion\0\x15\0\0\0\0";

    #[test]
    fn the_question_is_as_long_as_it_says() {
        assert_eq!(super::HELLO.len(), 0x34);
        assert_eq!(super::HELLO.len() - 21, 0x1f);
    }

    #[test]
    fn answers() {
        let mut to_another = HELLO.to_vec();
        to_another[8] = 2;
        let mut short = HELLO.to_vec();
        short.pop();
        check(
            &Mongodb,
            &[
                (HELLO, Some(("MongoDB", Some("wire version 21")))),
                (&to_another, None),
                (&short, None),
                (b"\x10\0\0\0\x07\0\0\0\x01\0\0\0\xdd\x07\0\0", None),
                (b"HTTP/1.0 400 Bad Request\r\n\r\n", None),
            ],
        );
    }
}

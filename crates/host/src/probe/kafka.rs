//! Kafka: which versions of its requests a broker knows is answered before any login.

use super::leaf::{Found, Probe, Turn, Verdict};

/// The Kafka protocol.
pub(super) struct Kafka;

/// ApiVersions (18) version 0, number 42, without a client's name.
const API_VERSIONS: &[u8] = &[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 42, 0xff, 0xff];

impl Probe for Kafka {
    fn name(&self) -> &'static str {
        "Kafka"
    }

    fn turn(&self) -> Turn {
        Turn::Waits
    }

    fn programs(&self) -> &'static [&'static str] {
        &["kafka.Kafka", "kafka", "redpanda", "tansu"]
    }

    fn ports(&self) -> &'static [u16] {
        &[9092, 9093, 9094]
    }

    fn sends(&self) -> &'static [u8] {
        API_VERSIONS
    }

    /// Length, the number 42, error 0, a count, and six bytes for each request known.
    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some((head, rest)) = reply.split_first_chunk::<14>() else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let count = u32::from_be_bytes([head[10], head[11], head[12], head[13]]) as usize;
        let fits = count.checked_mul(6).and_then(|bytes| bytes.checked_add(10)) == Some(length);
        if head[4..10] != [0, 0, 0, 42, 0, 0] || !fits || count == 0 {
            return Verdict::No;
        }
        match (rest.len() >= count * 6, ended) {
            (true, _) => Verdict::Yes(Found::new("Kafka", format!("knows {count} requests"))),
            (false, true) => Verdict::No,
            (false, false) => Verdict::More,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        check(
            &Kafka,
            &[
                (
                    b"\0\0\0\x10\0\0\0\x2a\0\0\0\0\0\x01\0\x12\0\0\0\x03",
                    Some(("Kafka", Some("knows 1 requests"))),
                ),
                (b"\0\0\0\x10\0\0\0\x2b\0\0\0\0\0\x01\0\x12\0\0\0\x03", None),
                (b"\0\0\0\x10\0\0\0\x2a\0\x23\0\0\0\x01\0\x12\0\0\0\x03", None),
                (b"\0\0\0\x10\0\0\0\x2a\0\0\xff\xff\xff\xff\0\x12\0\0\0\x03", None),
                (b"\0\0\0\x10\0\0\0\x2a\0\0\0\0\0\x01\0", None),
                (b"HTTP/1.1 400 Bad Request\r\n\r\n", None),
            ],
        );
    }
}

//! DNS: who serves the root, over TCP and, where that is the listener, in a datagram.

use super::leaf::{Found, Probe, Turn, Verdict};

/// The Domain Name System (RFC 1035).
pub(super) struct Dns;

/// Number 1234 (hexadecimal), recursion desired, one question: NS of the root; behind its length in two
/// bytes, which only TCP has.
const QUESTION: &[u8] = b"\0\x11\x12\x34\x01\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x01";

/// The codes of RFC 1035 §4.1.1, by number.
const CODES: [&str; 6] =
    ["no error", "format error", "server failure", "no such name", "not implemented", "refused"];

impl Probe for Dns {
    fn name(&self) -> &'static str {
        "DNS"
    }

    fn turn(&self) -> Turn {
        Turn::Waits
    }

    fn programs(&self) -> &'static [&'static str] {
        &["dnsmasq", "named", "unbound", "coredns", "systemd-resolved"]
    }

    fn ports(&self) -> &'static [u16] {
        &[53]
    }

    fn sends(&self) -> &'static [u8] {
        QUESTION
    }

    fn datagram(&self) -> &'static [u8] {
        &QUESTION[2..]
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some((length, message)) = reply.split_first_chunk::<2>() else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        match (message.len().cmp(&usize::from(u16::from_be_bytes(*length))), ended) {
            (std::cmp::Ordering::Less, false) => Verdict::More,
            (std::cmp::Ordering::Equal, _) => self.recognise_datagram(message),
            _ => Verdict::No,
        }
    }

    /// The head: the number asked with, the bit of a response, and operation 0.
    fn recognise_datagram(&self, reply: &[u8]) -> Verdict {
        let Some((head, _)) = reply.split_first_chunk::<12>() else { return Verdict::No };
        if head[..2] != [0x12, 0x34] || head[2] & 0b1111_1000 != 0b1000_0000 {
            return Verdict::No;
        }
        let code = CODES.get(usize::from(head[3] & 0x0f)).copied().unwrap_or("another error");
        Verdict::Yes(Found::new("DNS", format!("answered: {code}")))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        check(
            &Dns,
            &[
                (b"\0\x0c\x12\x34\x81\x80\0\0\0\0\0\0\0\0", Some(("DNS", Some("answered: no error")))),
                (b"\0\x0c\x12\x34\x81\x85\0\0\0\0\0\0\0\0", Some(("DNS", Some("answered: refused")))),
                (b"\0\x0c\x12\x34\x01\0\0\0\0\0\0\0\0\0", None),
                (b"\0\x0c\x12\x35\x81\x80\0\0\0\0\0\0\0\0", None),
                (b"\0\x0b\x12\x34\x81\x80\0\0\0\0\0\0\0\0", None),
                (QUESTION, None),
                (b"", None),
            ],
        );
        assert_eq!(Dns.recognise_datagram(Dns.datagram()), Verdict::No);
        assert_eq!(QUESTION.len() - 2, usize::from(QUESTION[1]));
    }
}

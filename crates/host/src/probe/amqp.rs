//! AMQP: a header of a version that no broker has is answered by the one it speaks, and the end.

use super::leaf::{Found, Probe, Turn, Verdict};

/// The Advanced Message Queuing Protocol, 0-9-1 and 1.0.
pub(super) struct Amqp;

impl Probe for Amqp {
    fn name(&self) -> &'static str {
        "AMQP"
    }

    fn turn(&self) -> Turn {
        Turn::Waits
    }

    fn programs(&self) -> &'static [&'static str] {
        &["rabbitmq-server", "rabbitmq", "qpidd", "activemq", "artemis"]
    }

    fn ports(&self) -> &'static [u16] {
        &[5672]
    }

    fn sends(&self) -> &'static [u8] {
        b"AMQP\0\0\0\0"
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        if reply.len() < 8 && !ended && b"AMQP".starts_with(&reply[..reply.len().min(4)]) {
            return Verdict::More;
        }
        Verdict::from_found(self.overheard(reply))
    }

    /// AMQP 0-9-1 §4.2.2: a server that cannot speak the version asked for "MUST send a valid protocol
    /// header and then close the socket". It does so to the words of other protocols as well.
    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        let version = match bytes.strip_prefix(b"AMQP")? {
            [0, 0, 9, 1] => "0-9-1",
            [0, 1, 0, 0] => "1.0",
            [3, 1, 0, 0] => "1.0, wants SASL",
            [1, 1, 0, 10] => "0-10",
            _ => return None,
        };
        Some(Found::new("AMQP", version.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        check(
            &Amqp,
            &[
                (b"AMQP\0\0\x09\x01", Some(("AMQP", Some("0-9-1")))),
                (b"AMQP\x03\x01\0\0", Some(("AMQP", Some("1.0, wants SASL")))),
                (b"AMQP\0\0\0\0", None),
                (b"AMQP\0\0\x09", None),
                (b"AMQP\0\0\x09\x01more", None),
                (b"", None),
            ],
        );
        assert_eq!(Amqp.recognise(b"AMQP\0", false), Verdict::More);
    }
}

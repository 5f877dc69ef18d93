//! MQTT: a client without a name connects, is greeted, and takes its leave.

use super::leaf::{Found, Probe, Turn, Verdict};

/// MQTT 3.1.1, which brokers of version 5 speak as well.
pub(super) struct Mqtt;

/// CONNECT: clean session, ten seconds of keep-alive, an empty client identifier, which lets the broker
/// choose one and keeps it from displacing anybody.
const CONNECT: &[u8] = b"\x10\x0c\0\x04MQTT\x04\x02\0\x0a\0\0";

impl Probe for Mqtt {
    fn name(&self) -> &'static str {
        "MQTT"
    }

    fn turn(&self) -> Turn {
        Turn::Waits
    }

    fn programs(&self) -> &'static [&'static str] {
        &["mosquitto", "emqx", "vernemq", "nanomq"]
    }

    fn ports(&self) -> &'static [u16] {
        &[1883]
    }

    fn sends(&self) -> &'static [u8] {
        CONNECT
    }

    /// DISCONNECT.
    fn farewell(&self) -> &'static [u8] {
        b"\xe0\0"
    }

    /// CONNACK, MQTT 3.1.1 §3.2: two bytes, of which the first is 0 or 1 and the second 0 to 5.
    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        if let Some(verdict) = Verdict::prefix(reply, b"\x20\x02", ended) {
            return verdict;
        }
        let detail = match reply[2..] {
            [0 | 1] | [] if !ended => return Verdict::More,
            [0, 0] => None,
            [0, 1] => Some("refuses version 3.1.1"),
            [0, 2] => Some("refuses a client without a name"),
            [0, 3] => Some("is unavailable"),
            [0, 4 | 5] => Some("wants a password"),
            _ => return Verdict::No,
        };
        Verdict::Yes(Found::new("MQTT", detail.map(str::to_owned)))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn the_question_is_as_long_as_it_says() {
        assert_eq!(CONNECT.len() - 2, usize::from(CONNECT[1]));
    }

    #[test]
    fn answers() {
        check(
            &Mqtt,
            &[
                (b"\x20\x02\0\0", Some(("MQTT", None))),
                (b"\x20\x02\0\x05", Some(("MQTT", Some("wants a password")))),
                (b"\x20\x02\0\x09", None),
                (b"\x20\x02\0", None),
                (b"\x20\x02\0\0\0", None),
                (b"\x20\x03\0\0\0", None),
                (b"", None),
            ],
        );
        assert_eq!(Mqtt.recognise(b"\x20", false), Verdict::More);
    }
}

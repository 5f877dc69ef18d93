//! NATS: the server sends `INFO` and a JSON object first.

use super::{
    leaf::{Found, Probe, Turn},
    text,
};

/// The NATS client protocol.
pub(super) struct Nats;

impl Probe for Nats {
    fn name(&self) -> &'static str {
        "NATS"
    }

    fn turn(&self) -> Turn {
        Turn::Greets
    }

    fn programs(&self) -> &'static [&'static str] {
        &["nats-server", "gnatsd"]
    }

    fn ports(&self) -> &'static [u16] {
        &[4222]
    }

    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        let object = bytes.strip_prefix(b"INFO ")?.strip_suffix(b"\r\n")?;
        let info: serde_json::Value = serde_json::from_slice(object).ok()?;
        info.get("server_id")?.as_str()?;
        let version = info.get("version").and_then(|version| version.as_str());
        Some(Found::new("NATS", version.map(|version| text::line(version.as_bytes()))))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check_overheard, *};

    #[test]
    fn greetings() {
        check_overheard(
            &Nats,
            &[
                (
                    b"INFO {\"server_id\":\"NB2\",\"version\":\"2.9.10\",\"proto\":1} \r\n",
                    Some(("NATS", Some("2.9.10"))),
                ),
                (b"INFO {\"server_id\":\"NB2\"}\r\n", Some(("NATS", None))),
                (b"INFO {\"server_id\":\"NB2\",\"ver", None),
                (b"INFO {\"version\":\"1\"}\r\n", None),
                (b"INFO hello\r\n", None),
            ],
        );
    }
}

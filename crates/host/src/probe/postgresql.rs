//! PostgreSQL: the request for encryption is answered by one byte, and logged by nobody.

use super::leaf::{Found, Probe, Turn, Verdict};

/// The PostgreSQL frontend/backend protocol.
pub(super) struct Postgresql;

/// `SSLRequest`: a length of 8, and the number 80877103.
const SSL_REQUEST: &[u8] = &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

impl Probe for Postgresql {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn turn(&self) -> Turn {
        Turn::Asks
    }

    fn programs(&self) -> &'static [&'static str] {
        &["postgres", "postmaster", "pgbouncer", "cockroach"]
    }

    fn ports(&self) -> &'static [u16] {
        &[5432, 5433, 6432, 26_257]
    }

    fn sends(&self) -> &'static [u8] {
        SSL_REQUEST
    }

    /// Exactly one byte, after which the server waits: a second one would be another protocol's word.
    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        match (reply, ended) {
            ([b'N' | b'S'] | [], false) => Verdict::More,
            (b"S", true) => Verdict::Yes(Found::new("PostgreSQL", "offers TLS".to_owned())),
            (b"N", true) => Verdict::Yes(Found::new("PostgreSQL", "without TLS".to_owned())),
            _ => Verdict::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        check(
            &Postgresql,
            &[
                (b"N", Some(("PostgreSQL", Some("without TLS")))),
                (b"S", Some(("PostgreSQL", Some("offers TLS")))),
                (b"", None),
                (b"n", None),
                (b"NO", None),
                (b"SSH-2.0-x\r\n", None),
                (b"E\0\0\0", None),
            ],
        );
        assert_eq!(Postgresql.recognise(b"S", false), Verdict::More);
    }
}

//! MySQL and MariaDB: the server sends its handshake packet first.

use super::{
    leaf::{Found, Probe, Turn},
    text,
};

/// The client/server protocol of MySQL and MariaDB, version 10.
pub(super) struct Mysql;

/// The first byte of a handshake packet: the version of the protocol.
const HANDSHAKE_V10: u8 = 0x0a;

/// The first byte of an error packet, which comes instead when the server wants no caller.
const ERROR: u8 = 0xff;

/// MariaDB 10 puts this before its version, since old replicas refuse a version above 5.
const REPLICATION_PREFIX: &[u8] = b"5.5.5-";

impl Probe for Mysql {
    fn name(&self) -> &'static str {
        "MySQL"
    }

    fn turn(&self) -> Turn {
        Turn::Greets
    }

    fn programs(&self) -> &'static [&'static str] {
        &["mysqld", "mariadbd"]
    }

    fn ports(&self) -> &'static [u16] {
        &[3306, 33_060]
    }

    /// A packet is its length in three bytes, the lower first, a sequence number that starts at 0, and as
    /// many bytes as the length says.
    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        let (head, payload) = bytes.split_first_chunk::<4>()?;
        let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
        if head[3] != 0 || length != payload.len() {
            return None;
        }
        match payload {
            [HANDSHAKE_V10, rest @ ..] => {
                let end = rest.iter().position(|byte| *byte == 0)?;
                let version = &rest[..end];
                if !version.first().is_some_and(u8::is_ascii_digit) || !version.is_ascii() {
                    return None;
                }
                let maria = text::contains(version, b"MariaDB");
                let shown =
                    if maria { version.strip_prefix(REPLICATION_PREFIX).unwrap_or(version) } else { version };
                Some(Found::new(if maria { "MariaDB" } else { "MySQL" }, text::line(shown)))
            }
            [ERROR, low, high, message @ ..] => {
                let number = u16::from_le_bytes([*low, *high]);
                // Errors of the server are numbered from 1000 to 4999, those of MySQL 8 up to 13999.
                let known = (1000..14_000).contains(&number) && !message.is_empty();
                known.then(|| Found::new("MySQL", format!("refuses: {}", text::line(message))))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{super::leaf::tests::check_overheard, *};

    pub(in super::super) const MARIADB: &[u8] =
        b"\x28\0\0\0\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\0\x07\0\0\0abc";

    #[test]
    fn greetings() {
        check_overheard(
            &Mysql,
            &[
                (MARIADB, Some(("MariaDB", Some("10.11.6-MariaDB-0+deb12u1")))),
                (b"\x0c\0\0\0\x0a8.0.36\0abcd", Some(("MySQL", Some("8.0.36")))),
                (
                    b"\x1c\0\0\0\xff\x6a\x04Host '::1' is not allowed",
                    Some(("MySQL", Some("refuses: Host '::1' is not allowed"))),
                ),
                (b"\x0d\0\0\0\x0a8.0.36\0abcd", None),
                (b"\x0c\0\0\x01\x0a8.0.36\0abcd", None),
                (b"\x0c\0\0\0\x098.0.36\0abcd", None),
                (b"\x05\0\0\0\x0a\x01\x02\0\0", None),
                (b"\x03\0\0\0\xff\x01\0", None),
            ],
        );
    }
}

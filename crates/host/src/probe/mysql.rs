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

/// What a server says of itself before anybody has said a word.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Greeting<'a> {
    /// Whether it is MariaDB.
    pub(crate) is_maria: bool,
    /// Its version, as it is called.
    pub(crate) version: &'a [u8],
    /// By which plugin it wants to be shown who calls, unless the account has another; `None` from those that are
    /// older than plugins.
    pub(crate) plugin: Option<&'a [u8]>,
}

impl<'a> Greeting<'a> {
    /// Reads a whole packet; `None` where it is none, or an error.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let [HANDSHAKE_V10, rest @ ..] = payload(bytes)? else { return None };
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (version, rest) = (&rest[..end], &rest[end + 1..]);
        if !version.first().is_some_and(u8::is_ascii_digit) || !version.is_ascii() {
            return None;
        }
        let is_maria = text::contains(version, b"MariaDB");
        let shown =
            if is_maria { version.strip_prefix(REPLICATION_PREFIX).unwrap_or(version) } else { version };
        Some(Self { is_maria, version: shown, plugin: plugin(rest) })
    }

    /// Whether the packet has come to its end.
    pub(crate) fn is_whole(bytes: &[u8]) -> bool {
        bytes.split_first_chunk::<4>().is_some_and(|(head, payload)| payload.len() >= length(*head))
    }
}

/// The bytes of the only packet. A packet is its length in three bytes, the lower first, a sequence number that starts
/// at 0, and as many bytes as the length says.
fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let (head, payload) = bytes.split_first_chunk::<4>()?;
    (head[3] == 0 && length(*head) == payload.len()).then_some(payload)
}

fn length(head: [u8; 4]) -> usize {
    u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize
}

/// Behind the version: thread (4 bytes), the first part of the scramble (8), a filler, the lower capabilities (2),
/// the set of characters, the status (2), the upper capabilities (2), how long the scramble is, reserved (10), the
/// rest of the scramble (13 at least, its end among them), the plugin and a zero.
fn plugin(rest: &[u8]) -> Option<&[u8]> {
    let scramble = usize::from(*rest.get(20)?).saturating_sub(8).max(13);
    let name = rest.get(31 + scramble..)?;
    let name = name.strip_suffix(b"\0").unwrap_or(name);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    (!name.is_empty() && name.iter().all(is_name)).then_some(name)
}

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

    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        match payload(bytes)? {
            [HANDSHAKE_V10, ..] => {
                let Greeting { is_maria, version, .. } = Greeting::read(bytes)?;
                Some(Found::new(if is_maria { "MariaDB" } else { "MySQL" }, text::line(version)))
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
    fn a_greeting_names_its_plugin() {
        let packet = |payload: &[u8]| [&[payload.len() as u8, 0, 0, 0], payload].concat();
        let tail = |name: &[u8]| {
            let (fixed, scramble) = ([1; 20].as_slice(), [2; 12].as_slice());
            packet(&[b"\x0a8.0.36\0", fixed, &[21], &[0; 10], scramble, b"\0", name].concat())
        };
        for (name, expected) in [
            (&b"caching_sha2_password\0"[..], Some(&b"caching_sha2_password"[..])),
            (b"mysql_native_password", Some(b"mysql_native_password")),
            (b"", None),
            (b"\x1b[31m\0", None),
        ] {
            let bytes = tail(name);
            let greeting = Greeting::read(&bytes).unwrap();
            assert_eq!((greeting.version, greeting.plugin), (&b"8.0.36"[..], expected));
            assert!(Greeting::is_whole(&bytes) && !Greeting::is_whole(&bytes[..bytes.len() - 1]));
        }
        for bytes in [&b""[..], b"\x01\0\0\0\x0a", b"\x05\0\0\0\xff\x6a\x04no", b"\xff\xff\xff\0\x0a8\0"] {
            assert_eq!(Greeting::read(bytes), None, "{bytes:?}");
        }
    }

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

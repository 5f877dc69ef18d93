//! Redis, Valkey and others of its protocol.
//!
//! Never asked by HTTP with a `Host` heading: the server takes that for an attack from a web page, and says
//! so in its log. `GET / HTTP/1.0` alone is a command with a wrong number of arguments to it.

use super::{
    leaf::{Found, Probe, Turn, Verdict},
    text,
};

/// The Redis serialisation protocol (RESP).
pub(super) struct Redis;

/// `PING`, which needs no right in most servers, and is answered even when one is missing.
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

impl Probe for Redis {
    fn name(&self) -> &'static str {
        "Redis"
    }

    fn turn(&self) -> Turn {
        Turn::Asks
    }

    fn programs(&self) -> &'static [&'static str] {
        &["redis-server", "valkey-server", "keydb-server", "dragonfly", "redis-sentinel"]
    }

    fn ports(&self) -> &'static [u16] {
        &[6379, 6380, 26_379]
    }

    fn sends(&self) -> &'static [u8] {
        PING
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let marks: [(&[u8], Option<&str>); 4] = [
            (b"+PONG\r\n", None),
            (b"-NOAUTH ", Some("wants a password")),
            (b"-NOPERM ", Some("wants another user")),
            (b"-LOADING ", Some("is loading its data")),
        ];
        for (mark, detail) in marks {
            match Verdict::prefix(reply, mark, ended) {
                None => return Verdict::Yes(Found::new("Redis", detail.map(str::to_owned))),
                Some(Verdict::More) => return Verdict::More,
                Some(_) => {}
            }
        }
        Verdict::from_found(self.overheard(reply))
    }

    /// What it says to the words of HTTP, and to callers from outside in its protected mode.
    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        let marks: [&[u8]; 4] = [
            b"-ERR wrong number of arguments for 'get' command",
            b"-ERR unknown command",
            b"-NOAUTH Authentication required",
            b"-DENIED Redis is running in protected mode",
        ];
        let said = marks.iter().any(|mark| bytes.len() > mark.len() && text::find(bytes, mark) == Some(0));
        said.then(|| Found::new("Redis", None))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::leaf::tests::{check, check_overheard},
        *,
    };

    #[test]
    fn answers() {
        check(
            &Redis,
            &[
                (b"+PONG\r\n", Some(("Redis", None))),
                (b"-NOAUTH Authentication required.\r\n", Some(("Redis", Some("wants a password")))),
                (
                    b"-LOADING Redis is loading the dataset in memory\r\n",
                    Some(("Redis", Some("is loading its data"))),
                ),
                (b"+PONG", None),
                (b"PONG\r\n", None),
                (b"+OK\r\n", None),
                (b"-ERR bad\r\n", None),
                (b"HTTP/1.1 400 Bad Request\r\n\r\n", None),
            ],
        );
        assert_eq!(Redis.recognise(b"+PO", false), Verdict::More);
    }

    #[test]
    fn overheard() {
        check_overheard(
            &Redis,
            &[
                (b"-ERR wrong number of arguments for 'get' command\r\n", Some(("Redis", None))),
                (b"-ERR what?\r\n", None),
                (b"+OK POP3 ready\r\n", None),
            ],
        );
    }
}

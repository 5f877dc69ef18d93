//! Connection options (RFC 9110 §7.6.1), and whether a connection persists (RFC 9112 §9.3).

use crate::{Known, Version, field::members};

/// The options of all Connection fields of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options(u8);

impl Options {
    /// `close`: this is the last message of its sender on the connection (RFC 9112 §9.6).
    pub const CLOSE: Self = Self(1);
    /// `keep-alive`, which only HTTP/1.0 needs (RFC 9112 §9.3).
    pub(crate) const KEEP_ALIVE: Self = Self(2);
    /// `upgrade`: the Upgrade field is meant for the recipient (RFC 9110 §7.8).
    pub const UPGRADE: Self = Self(4);
    /// The name of some other field, which must not be forwarded.
    pub const NAMED: Self = Self(8);

    /// Whether it has all of these options.
    #[must_use]
    pub fn has(self, options: Self) -> bool {
        self.0 & options.0 == options.0
    }

    /// Adds the options of one Connection value. `None` when it names a field without which the message would mean
    /// something else: Host, or the framing. RFC 9110 §7.6.1: "A sender MUST NOT send a connection option
    /// corresponding to a field that is intended for all recipients of the content."
    pub(crate) fn read(self, value: &[u8]) -> Option<Self> {
        members(value).try_fold(self, |options, member| Some(Self(options.0 | Self::of(member)?.0)))
    }

    fn of(member: &[u8]) -> Option<Self> {
        if member.eq_ignore_ascii_case(b"keep-alive") {
            return Some(Self::KEEP_ALIVE);
        }
        if member.eq_ignore_ascii_case(b"close") {
            return Some(Self::CLOSE);
        }
        match Known::of(member) {
            Known::Upgrade => Some(Self::UPGRADE),
            Known::Host | Known::ContentLength | Known::TransferEncoding | Known::Lookalike => None,
            // These never reach the next hop, named or not.
            Known::Te | Known::Connection | Known::ProxyConnection => Some(Self(0)),
            _ => Some(Self::NAMED),
        }
    }

    /// Whether a sender with these options keeps the connection open behind its message.
    ///
    /// RFC 9112 §9.3: with `close` it does not; otherwise from HTTP/1.1 on it does, and with HTTP/1.0 only if it says
    /// `keep-alive`.
    #[must_use]
    pub(crate) fn persist(self, version: Version) -> bool {
        !self.has(Self::CLOSE) && (version != Version::Http10 || self.has(Self::KEEP_ALIVE))
    }
}

#[cfg(test)]
mod tests {
    use super::Options;
    use crate::Version::{Http10, Http11};

    #[test]
    fn persistence_follows_version_and_options() {
        let check = |value: &str, on_10, on_11| {
            let options = Options::default().read(value.as_bytes()).expect("nothing protected is named");
            assert_eq!((options.persist(Http10), options.persist(Http11)), (on_10, on_11), "{value:?}");
        };
        check("", false, true);
        check("keep-alive", true, true);
        check("Keep-Alive", true, true);
        check("close", false, false);
        check("CLOSE", false, false);
        check("keep-alive, close", false, false);
        check("x, close", false, false);
        check("closed", false, true);
    }

    #[test]
    fn fields_are_named_and_some_must_not_be() {
        let check = |value: &str, expected| {
            assert_eq!(Options::default().read(value.as_bytes()), expected, "{value:?}");
        };
        check("keep-alive, Upgrade", Some(Options(2 | 4)));
        check("X-Secret", Some(Options::NAMED));
        check("TE", Some(Options(0)));
        check("close, Host", None);
        check("content-length", None);
        check("Transfer-Encoding", None);
    }
}

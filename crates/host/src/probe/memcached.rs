//! Memcached: `version` is answered by any server, and changes nothing.

use super::{
    leaf::{Found, Probe, Turn, Verdict},
    text,
};

/// The text protocol of memcached.
pub(super) struct Memcached;

impl Probe for Memcached {
    fn name(&self) -> &'static str {
        "Memcached"
    }

    fn turn(&self) -> Turn {
        Turn::Waits
    }

    fn programs(&self) -> &'static [&'static str] {
        &["memcached"]
    }

    fn ports(&self) -> &'static [u16] {
        &[11_211]
    }

    fn sends(&self) -> &'static [u8] {
        b"version\r\n"
    }

    fn farewell(&self) -> &'static [u8] {
        b"quit\r\n"
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        if let Some(verdict) = Verdict::prefix(reply, b"VERSION ", ended) {
            return verdict;
        }
        let line = text::first_line(reply);
        match (line.len() < reply.len(), ended) {
            (true, _) => Verdict::Yes(Found::new("Memcached", text::line(&line[8..]))),
            (false, true) => Verdict::No,
            (false, false) => Verdict::More,
        }
    }

    /// Its whole answer to an unknown word, once for each line of it.
    fn invited(&self, reply: &[u8]) -> bool {
        reply.starts_with(b"ERROR\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        check(
            &Memcached,
            &[
                (b"VERSION 1.6.18\r\n", Some(("Memcached", Some("1.6.18")))),
                (b"VERSION 1.6.1", None),
                (b"version 1\r\n", None),
                (b"ERROR\r\n", None),
                (b"", None),
            ],
        );
        assert!(Memcached.invited(b"ERROR\r\nERROR\r\n"));
        assert!(!Memcached.invited(b"ERR\r\n"));
    }
}

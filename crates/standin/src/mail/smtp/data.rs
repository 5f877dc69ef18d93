//! Where a message ends, and what of it is the message (RFC 5321 §4.1.1.4 and §4.5.2).
//!
//! Only CR LF . CR LF ends a message. A server that takes a bare LF for the end of a line can be made to read two
//! messages where another reads one; here a bare LF, or a bare CR, is one of the bytes of the message.

use bytes::{Buf, BytesMut};
use memchr::memmem;

const END: &[u8] = b"\r\n.\r\n";

/// Looks for the end in bytes that grow, without looking at any twice.
#[derive(Debug, Default)]
pub(super) struct Finder {
    from: usize,
    /// Whether the beginning of the message is no longer there to be looked at.
    within: bool,
}

impl Finder {
    /// The lengths of the message and of all that is to be taken for it, where its end is there.
    pub(super) fn find(&mut self, input: &[u8]) -> Option<(usize, usize)> {
        if !self.within && input.starts_with(&END[2..]) {
            return Some((0, 3));
        }
        let found = memmem::find(&input[self.from.min(input.len())..], END);
        match found {
            Some(at) => Some((self.from + at + 2, self.from + at + END.len())),
            None => {
                self.from = input.len().saturating_sub(END.len() - 1);
                None
            }
        }
    }

    /// Lets go of what was looked at: the message is not wanted.
    pub(super) fn forget(&mut self, input: &mut BytesMut) {
        if self.from > 0 {
            input.advance(self.from);
            (self.from, self.within) = (0, true);
        }
    }
}

/// The message without the dots that were put before its lines. "If the first character is a period and there are other
/// characters on the line, the first character is deleted."
pub(super) fn unstuff(text: BytesMut) -> BytesMut {
    let dot = memmem::Finder::new(b"\r\n.");
    if !text.starts_with(b".") && dot.find(&text).is_none() {
        return text;
    }
    let mut message = BytesMut::with_capacity(text.len());
    let mut rest = text.strip_prefix(b".").unwrap_or(&text);
    while let Some(at) = dot.find(rest) {
        message.extend_from_slice(&rest[..at + 2]);
        rest = &rest[at + 3..];
    }
    message.extend_from_slice(rest);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_sequence_ends_a_message() {
        for (sent, expected) in [
            ("a\r\n.\r\nQUIT", Some("a\r\n")),
            (".\r\n", Some("")),
            ("\r\n.\r\n", Some("\r\n")),
            ("..\r\n.a\r\n.\r\n", Some(".\r\na\r\n")),
            ("a\r\n..\r\n.\r\n", Some("a\r\n.\r\n")),
            ("a\n.\n.\r\n.\n", None),
            ("a\n.\r\n", None),
            ("a\r\n.\n", None),
            ("a\r.\r", None),
            ("a\r.\r\n", None),
            ("a\n.\nb\r\n.\r\n", Some("a\n.\nb\r\n")),
            ("", None),
        ] {
            // Whole, and byte by byte: portions do not matter.
            for portion in [sent.len().max(1), 1] {
                let (mut finder, mut input) = (Finder::default(), BytesMut::new());
                let mut found = None;
                for piece in sent.as_bytes().chunks(portion) {
                    input.extend_from_slice(piece);
                    found = found.or_else(|| finder.find(&input));
                }
                let message = found.map(|(length, _)| unstuff(input.split_to(length)));
                assert_eq!(message.as_deref(), expected.map(str::as_bytes), "{sent:?} by {portion}");
            }
        }
    }

    #[test]
    fn what_is_not_wanted_is_let_go_up_to_its_end() {
        let (mut finder, mut input) = (Finder::default(), BytesMut::new());
        for piece in [&b"aaaaaaaaaa"[..], b"\r\n.", b"\r\nQUIT"] {
            input.extend_from_slice(piece);
            if let Some((_, end)) = finder.find(&input) {
                input.advance(end);
                assert_eq!(&input[..], b"QUIT");
                return;
            }
            finder.forget(&mut input);
            assert!(input.len() <= 4);
        }
        panic!("the end was not found");
    }
}

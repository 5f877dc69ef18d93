//! Whether the document of a request may be read at all: pure.
//!
//! What reads it keeps a frame of the stack for each element that is open, and an object for each that there is, so that
//! their number is bounded before it begins. What a document type declares could make more of them, and no client of
//! WebDAV sends one (RFC 4918 §20.6 tells servers to beware of it).

/// The longest document, in bytes. What clients ask takes a few hundred.
pub(super) const LONGEST: usize = 64 * 1024;

/// The longest document that asks for a lock, in bytes: whose it is says the client, and that is kept.
pub(super) const LONGEST_LOCK: usize = 2 * 1024;

/// The most elements of one. The largest that clients are known to send has fewer than a hundred.
const ELEMENTS: usize = 256;

/// Whether it has no more elements than it may have, and declares no type. Bias: what only looks like an element, in a
/// comment, counts as one.
pub(super) fn is_plain(document: &[u8]) -> bool {
    let mut elements = 0;
    for at in memchr::memchr_iter(b'<', document) {
        let behind = &document[at + 1..];
        match behind.first() {
            Some(b'!') if behind.len() >= 8 && behind[..8].eq_ignore_ascii_case(b"!DOCTYPE") => return false,
            None | Some(b'!' | b'/' | b'?') => {}
            Some(_) => elements += 1,
        }
    }
    elements <= ELEMENTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_read() {
        for (document, expected) in [
            (String::new(), true),
            ("<?xml version=\"1.0\"?><!-- a --><a><b/></a>".to_owned(), true),
            ("<a/>".repeat(ELEMENTS), true),
            ("<a/>".repeat(ELEMENTS + 1), false),
            ("<a>".repeat(ELEMENTS + 1), false),
            ("<!DOCTYPE a [<!ENTITY b \"c\">]><a/>".to_owned(), false),
            ("<!doctype a><a/>".to_owned(), false),
            ("<".to_owned(), true),
        ] {
            assert_eq!(is_plain(document.as_bytes()), expected, "{document:.40}");
        }
    }
}

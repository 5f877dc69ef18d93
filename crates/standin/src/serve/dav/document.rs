//! The document of a request, where it may be read at all.
//!
//! What reads it keeps a frame of the stack for each element that is open, and an object for each that there is, so that
//! their number is bounded before it begins. What a document type declares could make more of them, and no client of
//! WebDAV sends one (RFC 4918 §20.6 tells servers to beware of it).

use bytes::Bytes;

use crate::http::{Answer, Asked, TooLong};

/// The longest document, in bytes. What clients ask takes a few hundred.
const LONGEST: usize = 64 * 1024;

/// The longest document that asks for a lock, in bytes: whose it is says the client, and that is kept.
const LONGEST_LOCK: usize = 2 * 1024;

/// The most elements of one. The largest that clients are known to send has fewer than a hundred.
const ELEMENTS: usize = 256;

/// What is asked by a method.
///
/// # Errors
/// The answer, where it may not be read.
pub(super) async fn read(method: &str, asked: &mut Asked<'_>) -> Result<Bytes, Answer> {
    let longest = if method == "LOCK" { LONGEST_LOCK } else { LONGEST };
    let document = match asked.body.whole(longest).await {
        Ok(document) => document,
        Err(TooLong::Longer(_)) => return Err(Answer::text(413, "what is asked is too long\n")),
        Err(TooLong::Cut(error)) => {
            return Err(Answer::text(400, format!("it did not come whole: {error}\n")));
        }
    };
    if is_plain(&document) {
        Ok(document)
    } else {
        Err(Answer::text(400, "what is asked has too many elements, or declares a type\n"))
    }
}

/// Whether it has no more elements than it may have, and declares no type. Bias: what only looks like an element, in a
/// comment, counts as one.
fn is_plain(document: &[u8]) -> bool {
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

//! Whether a message is made to be expensive.
//!
//! The bias is towards showing less: a message that merely speaks of many messages is shown as text, and nobody is hurt.

use crate::mail::limits;

/// Words without which no part lies in another, in lower case: a message in a message, and a digest of them.
const NESTING: &[&[u8]] = &[b"rfc822", b"global", b"digest"];

/// The word without which there are no parts.
const BOUNDARY: &[u8] = b"boundary";

/// Whether this message, whose head has so many bytes, must not be taken apart.
pub(super) fn is_one(bytes: &[u8], head: usize) -> bool {
    if head > limits::HEAD {
        return true;
    }
    let boundaries = count(bytes, BOUNDARY, usize::MAX);
    let sought = (boundaries as u64).saturating_mul(bytes.len() as u64);
    let nested: usize = NESTING.iter().map(|word| count(bytes, word, limits::NESTED + 1)).sum();
    sought > limits::SOUGHT || nested > limits::NESTED
}

/// How often a word of lower case stands there, in any case; at most so often.
fn count(bytes: &[u8], word: &[u8], most: usize) -> usize {
    let (Some(first), rest) = (word.first(), &word[1..]) else { return 0 };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), bytes)
        .filter(|at| bytes.get(at + 1..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(rest)))
        .take(most)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nested_or_long_is_one() {
        let nested = |times| "Content-Type: message/rfc822\r\n\r\n".repeat(times);
        for (bytes, head, expected) in [
            ("Subject: x\r\n\r\nbody".to_owned(), 14, false),
            (nested(limits::NESTED), 32, false),
            (nested(limits::NESTED + 1), 32, true),
            ("x".repeat(limits::HEAD + 1), limits::HEAD + 1, true),
            ("BOUNDARY=".repeat(10_000), 9, true),
            ("boundary=".repeat(1_000), 9, false),
        ] {
            assert_eq!(is_one(bytes.as_bytes(), head), expected, "{} bytes", bytes.len());
        }
    }
}

//! Strings of connections within literals: `host=h password=x`.

use super::{
    edit::{Edit, apply, hidden},
    steps::Steps,
};
use crate::capture::redact::{REDACTED, names::is_secret};

/// `password=x` as strings of connections have it: up to the next space. `None` when there is no such setting.
pub(super) fn redact(text: &str, steps: &Steps) -> Option<String> {
    let bytes = text.as_bytes();
    let passed = |from: usize, is: fn(u8) -> bool| {
        let length = bytes[from..].iter().take_while(|byte| is(**byte)).count();
        steps.take(length + 1);
        length
    };
    let (mut edits, mut at) = (Vec::new(), 0);
    loop {
        let begin = at;
        at += passed(begin, |byte| byte != b'=');
        if at == bytes.len() {
            return apply(text, edits).0;
        }
        let name = bytes[begin..at].trim_ascii_end();
        let start = name.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && !b"_-.".contains(byte));
        let name = &name[start.map_or(0, |start| start + 1)..];
        at += 1;
        at += passed(at, |byte| byte == b' ');
        // What is quoted or a place for a value is that of a statement.
        let plain = bytes.get(at).is_some_and(|byte| !b"'\"`$?:(=".contains(byte))
            && !bytes[at..].starts_with(REDACTED);
        // Only a value that is hidden is passed over, so that no byte is passed over twice.
        if plain && is_secret(name) {
            let value = passed(at, |byte| !byte.is_ascii_whitespace());
            edits.push(Edit { range: at..at + value, with: hidden(), hides: true });
            at += value;
        }
    }
}

//! Secrets, taken out of what passed before it reaches a disk.
//!
//! Pure: bytes in, bytes out, and nothing changes but the values that are hidden. Hidden are `Authorization`, cookies and
//! headers named like secrets; parameters of queries, members of forms, of JSON and of multipart bodies that are named
//! so (`names`); passwords in URLs; passwords of databases, and what
//! statements give to columns that are named so. What is compressed is looked into, and what cannot be looked
//! into although its type says that it may have such members is not kept.
//!
//! Deliberately absent: guessing by values. A secret in a free text, in a path, in a body of a type that is none of
//! these, or in the stream of a protocol that is not understood stays as it is; `docs/guide/secrets.md` says so.

mod body;
mod head;
mod json;
mod multipart;
mod names;
mod redis;
mod refusal;
pub(crate) mod sql;
mod statement;
#[cfg(test)]
mod tests;
mod url;

use std::ops::Range;

pub(crate) use self::{
    body::{Encoding, Form, Seen, Tail, body, text},
    head::{field, line},
    statement::spoken,
};

/// What stands where a secret was.
pub(crate) const REDACTED: &[u8] = b"[redacted]";

/// Puts that in the place of a value.
fn hide(value: &mut serde_json::Value) {
    *value = String::from_utf8_lossy(REDACTED).into();
}

/// A text that is looked through from its front to its end, and copied only where something is replaced.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    text: &'a [u8],
    /// What was written so far, and how many bytes of the text it stands for.
    out: Vec<u8>,
    taken: usize,
    /// Whether a secret goes on behind the end of the text.
    pub(crate) open: bool,
}

impl<'a> Text<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        Self { text, out: Vec::new(), taken: 0, open: false }
    }

    /// Puts something else into a range behind all earlier ones.
    pub(crate) fn replace(&mut self, range: Range<usize>, with: &[u8]) {
        self.out.extend_from_slice(&self.text[self.taken..range.start]);
        self.out.extend_from_slice(with);
        self.taken = range.end;
    }

    /// The text with its replacements; `None` when there were none.
    pub(crate) fn changed(mut self) -> Option<Vec<u8>> {
        if self.out.is_empty() && self.taken == 0 {
            return None;
        }
        self.out.extend_from_slice(&self.text[self.taken..]);
        Some(self.out)
    }
}

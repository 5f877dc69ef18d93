//! What a server says: a code (RFC 5321 §4.2), an enhanced one (RFC 3463), and words for a person.

use std::borrow::Cow;

/// A reply of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// The enhanced code; empty where RFC 2034 has none: in greetings, answers to EHLO and what comes next.
    pub(super) status: &'static str,
    pub(super) text: Cow<'static, str>,
}

impl Reply {
    pub(super) fn new(code: u16, status: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, status, text: text.into() }
    }

    /// Writes the line. What a client has sent may be in the text: control characters go out as spaces, so that it is
    /// one line.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.code.to_string().as_bytes());
        out.push(b' ');
        if !self.status.is_empty() {
            out.extend_from_slice(self.status.as_bytes());
            out.push(b' ');
        }
        out.extend(self.text.bytes().map(|byte| if byte.is_ascii_control() { b' ' } else { byte }));
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes a reply of many lines.
pub(super) fn lines(code: u16, texts: &[Cow<'_, str>], out: &mut Vec<u8>) {
    for (at, text) in texts.iter().enumerate() {
        let between = if at + 1 == texts.len() { ' ' } else { '-' };
        out.extend_from_slice(format!("{code}{between}{text}\r\n").as_bytes());
    }
}

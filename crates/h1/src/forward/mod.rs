//! The head for the next hop (RFC 9110 §7.6), written behind what the caller's buffer holds.
//!
//! Fields keep their order, their case and their bytes; neighbours that nothing happens to are copied as one run.
//! What belongs to one connection only is left out, what the client claims about earlier hops too, and our own
//! account of them is added. Deliberately absent: any choice of where to send it, and any change to end-to-end
//! fields other than Host.

mod client;
mod request;
mod response;

pub use client::{Client, Scheme};
pub use request::{Onward, request};
pub use response::{Back, BodyAs, Stay, response};

use crate::{
    Field, Head, Known, Options,
    field::{members, slice},
};

/// How often a message has come through us already: how many members of its Via fields (RFC 9110 §7.6.3) are named
/// `by`. A comment with a comma can hide none, and could only feign one.
#[must_use]
pub fn hops(bytes: &[u8], head: &Head, by: &str) -> usize {
    if !head.has(Known::Via) {
        return 0;
    }
    let ours = |member: &&[u8]| {
        let mut words = member.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        words.nth(1).is_some_and(|word| word.eq_ignore_ascii_case(by.as_bytes()))
    };
    let vias = head.fields().iter().filter(|field| field.known() == Known::Via);
    vias.map(|via| members(via.value(bytes)).filter(ours).count()).sum()
}

/// What becomes of a field.
enum Fate<'a> {
    Keep,
    Drop,
    /// It keeps its name and gets another value.
    Value(&'a [u8]),
}

/// Copies from `from`, which is where a line starts, to the end of the fields.
fn copy<'a>(bytes: &[u8], head: &Head, from: usize, fate: impl Fn(&Field) -> Fate<'a>, out: &mut Vec<u8>) {
    let mut run = from;
    let mut line = head.fields_start;
    for field in head.fields() {
        let end = field.line_end as usize;
        let value = match fate(field) {
            Fate::Keep if field.tidy => {
                line = end;
                continue;
            }
            Fate::Keep => Some(field.value(bytes)),
            Fate::Value(value) => Some(value),
            Fate::Drop => None,
        };
        out.extend_from_slice(&bytes[run..line]);
        if let Some(value) = value {
            add(field.name(bytes), value, out);
        }
        (run, line) = (end, end);
    }
    out.extend_from_slice(&bytes[run..line]);
}

/// Writes a field line.
fn add(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

/// Writes our Via (RFC 9110 §7.6.3): the version in which the message came, and our name.
fn via(head: &Head, by: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(match head.version() {
        crate::Version::Http10 => b"Via: 1.0 ",
        crate::Version::Http11 => b"Via: 1.1 ",
        crate::Version::Http2 => b"Via: 2.0 ",
    });
    out.extend_from_slice(by.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Whether a Connection field of the head names this field. RFC 9110 §7.6.1: "Intermediaries MUST […] remove any
/// header or trailer field(s) from the message with the same name as the connection-option".
fn is_named(bytes: &[u8], head: &Head, field: &Field) -> bool {
    let name = slice(bytes, field.name);
    head.options().has(Options::NAMED)
        && head.fields().iter().filter(|field| field.known() == Known::Connection).any(|connection| {
            members(connection.value(bytes)).any(|member| member.eq_ignore_ascii_case(name))
        })
}

//! Which trace an exchange belongs to, and below which span.

use std::collections::VecDeque;

use navyd_model::exchange::{Exchange, Summary};
use ring::digest::{SHA256, digest};

/// Traces of the exchanges that were seen last, so that what they caused comes into the same.
#[derive(Debug)]
pub struct Traces {
    /// What identifiers are made from, besides the number of an exchange: those of two machines never meet.
    origin: Vec<u8>,
    known: VecDeque<(u64, [u8; 16])>,
}

/// Where a span stands.
pub(super) struct Place {
    pub(super) trace: [u8; 16],
    pub(super) span: [u8; 8],
    pub(super) parent: Option<[u8; 8]>,
}

/// How many exchanges are remembered. What causes others goes on meanwhile, and few do at a time.
const MOST: usize = 4096;

impl Traces {
    /// Traces whose identifiers are made from these bytes, which should be random.
    pub fn new(origin: &[u8]) -> Self {
        Self { origin: origin.to_vec(), known: VecDeque::new() }
    }

    /// Traces of these alone: written again, their identifiers are the same.
    pub(super) fn of(all: &[&Summary]) -> Self {
        let first = all.first().map(|first| format!("{}{}{}", first.started, first.route, first.target));
        Self::new(first.unwrap_or_default().as_bytes())
    }

    /// Takes note of the trace that an exchange belongs to; it may have only begun.
    pub fn learn(&mut self, exchange: &Exchange) {
        let id = exchange.summary.id;
        let trace = self.place(exchange).trace;
        if self.find(id).is_none() {
            self.known.push_back((id, trace));
        }
        if self.known.len() > MOST {
            self.known.pop_front();
        }
    }

    /// Whether the trace of an exchange is known.
    pub fn knows(&self, id: u64) -> bool {
        self.find(id).is_some()
    }

    /// Where an exchange stands: as its client says, or else below its cause, or else alone.
    pub(super) fn place(&self, exchange: &Exchange) -> Place {
        let summary = &exchange.summary;
        let span = self.span(summary.id);
        let mut headers = exchange.request.headers.iter();
        let told = headers.find(|(name, _)| name.eq_ignore_ascii_case("traceparent"));
        if let Some((trace, parent)) = told.and_then(|(_, value)| traceparent(value)) {
            return Place { trace, span, parent: Some(parent) };
        }
        match summary.caused_by {
            Some(cause) => Place {
                trace: self.find(cause).unwrap_or_else(|| self.trace(cause)),
                span,
                parent: Some(self.span(cause)),
            },
            None => Place { trace: self.trace(summary.id), span, parent: None },
        }
    }

    fn find(&self, id: u64) -> Option<[u8; 16]> {
        self.known.iter().rev().find(|(known, _)| *known == id).map(|(_, trace)| *trace)
    }

    fn trace(&self, id: u64) -> [u8; 16] {
        self.identifier(b"trace", id)
    }

    fn span(&self, id: u64) -> [u8; 8] {
        self.identifier(b"span", id)
    }

    /// Never all zeros, which would be none: the lowest bit is set.
    fn identifier<const N: usize>(&self, of: &[u8], id: u64) -> [u8; N] {
        let sum = digest(&SHA256, &[of, &id.to_be_bytes(), &self.origin].concat());
        let mut identifier = [0; N];
        identifier.iter_mut().zip(sum.as_ref()).for_each(|(to, from)| *to = *from);
        if let Some(last) = identifier.last_mut() {
            *last |= 1;
        }
        identifier
    }
}

/// The trace and the parent of `00-TRACE-PARENT-FLAGS` (Trace Context §3.2). Later versions may have more behind it; of
/// version 255, and of all zeros, "the traceparent is invalid".
fn traceparent(value: &str) -> Option<([u8; 16], [u8; 8])> {
    let mut parts = value.trim().split('-');
    let version: [u8; 1] = bytes(parts.next()?)?;
    let (trace, parent) = (bytes::<16>(parts.next()?)?, bytes::<8>(parts.next()?)?);
    bytes::<1>(parts.next()?)?;
    let more = parts.next().is_some();
    if version == [255] || version == [0] && more || trace == [0; 16] || parent == [0; 8] {
        return None;
    }
    Some((trace, parent))
}

/// So many bytes in hexadecimal, in lower case.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_believed_when_it_is_one() {
        let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        for (text, expected) in [
            (format!("00-{trace}-{parent}-01"), true),
            (format!("01-{trace}-{parent}-01-more"), true),
            (format!("00-{trace}-{parent}-01-more"), false),
            (format!("ff-{trace}-{parent}-01"), false),
            (format!("00-{}-{parent}-01", "0".repeat(32)), false),
            (format!("00-{trace}-{}-01", "0".repeat(16)), false),
            (format!("00-{}-{parent}-01", trace.to_uppercase()), false),
            (format!("00-{trace}-{parent}"), false),
            (format!("00-{trace}-+7ad6b7169203331-01"), false),
            (String::new(), false),
        ] {
            assert_eq!(traceparent(&text).is_some(), expected, "{text}");
        }
    }
}

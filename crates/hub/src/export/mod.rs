//! Exchanges for other tools: a file for each format, and their list.
//!
//! Each is written from what is kept, so a value that was redacted stays so, and a body that was cut says so. Deliberately
//! absent: reading the capture, and choosing which exchanges.

mod curl;
mod har;
mod hurl;
mod jsonl;
pub mod otlp;
mod pcapng;

use std::io;

use navyd_model::exchange::Exchange;

/// Every format, in the order of the help.
pub const FORMATS: &[Format] =
    &[har::FORMAT, pcapng::FORMAT, curl::FORMAT, hurl::FORMAT, jsonl::FORMAT, otlp::FORMAT];

/// A format that exchanges can be written in.
pub struct Format {
    /// Its name, as it is typed.
    pub name: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Writes them, oldest first.
    pub write: fn(&[Raw], &mut dyn io::Write) -> io::Result<()>,
}

/// An exchange, with its bodies as they were sent: without chunks, with their encodings.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    /// The exchange.
    pub exchange: Exchange,
    /// As much of the request's body as is kept.
    pub request: Vec<u8>,
    /// As much of the response's body as is kept.
    pub response: Vec<u8>,
}

impl Format {
    /// The format of this name.
    pub fn of(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

impl Raw {
    /// Whether the request's body is all there.
    fn is_whole(&self) -> bool {
        self.exchange.request.body.as_ref().is_none_or(|body| body.size == self.request.len() as u64)
    }

    /// The version and target of the request's first line: `HTTP/1.1`, `/path`.
    fn first_line(&self) -> (&str, &str) {
        let mut words = self.exchange.request.line.as_deref().unwrap_or_default().split(' ').skip(1);
        let target = words.next().unwrap_or_default();
        (words.next().unwrap_or("HTTP/1.1"), target)
    }
}

#[cfg(test)]
pub(crate) use tests::samples;

#[cfg(test)]
mod tests;

//! The head of a response (RFC 9112 §4), and what frames its body (RFC 9112 §6.3).

use crate::{
    Framing, Head, Known, Limits, Options, Parsed, Reject, Side, Verb, Version,
    field::slice,
    head::{fault, incomplete, is_news, room},
    limits::MOST_HEADERS,
};

/// What of a request its response has to be read with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// The method: HEAD and CONNECT change the framing.
    pub verb: Verb,
    /// Whether an upgrade was forwarded. Without it, a 101 is refused.
    pub upgrade: bool,
}

/// A parsed response head. Use one for many messages: [`Response::parse`] forgets the last one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    head: Head,
    status: u16,
    reason: (u32, u32),
    doubtful: bool,
}

impl Response {
    /// Parses a head from its first byte on; `already` is how many of these bytes an earlier call has found
    /// incomplete, 0 at first.
    ///
    /// Interim responses are delivered like final ones, one by one: parse again behind each (RFC 9110 §15.2).
    ///
    /// # Errors
    ///
    /// What makes the server a bad gateway (502). The connection to it must be closed.
    pub fn parse(
        &mut self,
        bytes: &[u8],
        already: usize,
        limits: &Limits,
        asked: Asked,
    ) -> Result<Parsed, Reject> {
        const SIDE: Side = Side::Response;
        self.head.clear();
        if bytes.first().is_some_and(|first| *first != b'H') {
            return Err(SIDE.reject("the response does not start with `HTTP/`"));
        }
        if !is_news(bytes, already) {
            return incomplete(bytes, limits, SIDE);
        }
        let mut headers = room();
        let mut parsed = httparse::Response::new(&mut []);
        let found = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut parsed,
            bytes,
            &mut headers[..limits.headers.min(MOST_HEADERS)],
        );
        let end = match found {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) => return incomplete(bytes, limits, SIDE),
            Err(error) => return Err(fault(error, SIDE)),
        };
        if end > limits.head_bytes as usize {
            return Err(SIDE.reject("the head is too long"));
        }
        let Some(status @ 100..) = parsed.code else { return Err(fault(httparse::Error::Status, SIDE)) };
        self.status = status;
        self.head.version = if parsed.version == Some(0) { Version::Http10 } else { Version::Http11 };
        self.head.take(bytes, parsed.headers, end, SIDE)?;
        // `HTTP/1.1 200`, and a space if a reason follows.
        let line_end = self.head.fields_start - 2;
        self.reason = (line_end.min(13) as u32, line_end as u32);
        self.doubtful = false;
        self.frame(asked)?;
        Ok(Parsed::Complete(end))
    }

    /// What it has in common with a request: fields, framing, persistence.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The status code, from 100 to 999.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase, which may be empty or hold any byte from 0x80.
    #[must_use]
    pub fn reason<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        slice(bytes, self.reason)
    }

    /// Whether another response to the same request follows (RFC 9110 §15.2): 1xx, but not 101.
    #[must_use]
    pub fn is_interim(&self) -> bool {
        self.status < 200 && self.status != 101
    }

    /// Whether the connection can carry another request once the body has ended: the server keeps it open, the body
    /// ends before the connection does, and nothing about it was doubtful.
    #[must_use]
    pub fn persists(&self) -> bool {
        !self.doubtful
            && !matches!(self.head.framing, Framing::UntilClose | Framing::Tunnel)
            && self.head.options.persist(self.head.version)
    }

    /// Says that it came as HTTP/2, and was translated to the bytes it was parsed from.
    pub fn translated(&mut self) {
        self.head.version = Version::Http2;
    }

    /// RFC 9112 §6.3, in its order.
    fn frame(&mut self, asked: Asked) -> Result<(), Reject> {
        let framing = self.head.framing;
        self.head.framing = match self.status {
            101 if !asked.upgrade => return Err(Side::Response.reject("101 without an upgrade asked for")),
            101 if !self.head.options.has(Options::UPGRADE) || !self.head.has(Known::Upgrade) => {
                return Err(Side::Response.reject("101 that does not say to what"));
            }
            101 => self.bodiless(framing, Framing::Tunnel),
            // Case 1: "any response with a 1xx (Informational), 204 (No Content), or 304 (Not Modified) status code
            // is always terminated by the first empty line".
            100..200 | 204 => self.bodiless(framing, Framing::None),
            304 => Framing::None,
            // Case 2: "Any 2xx (Successful) response to a CONNECT request implies that the connection will become a
            // tunnel".
            200..300 if asked.verb == Verb::Connect => self.bodiless(framing, Framing::Tunnel),
            _ if asked.verb == Verb::Head => Framing::None,
            // Case 8.
            _ if framing == Framing::None => Framing::UntilClose,
            _ => framing,
        };
        Ok(())
    }

    /// RFC 9110 §8.6 and RFC 9112 §6.1: a server MUST NOT send Content-Length or Transfer-Encoding in these. One that
    /// does may send a body as well, so the connection is not used again.
    fn bodiless(&mut self, claimed: Framing, framing: Framing) -> Framing {
        self.doubtful = !matches!(claimed, Framing::None | Framing::Length(0));
        framing
    }
}

#[cfg(test)]
mod tests;

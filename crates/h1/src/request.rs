//! The head of a request (RFC 9112 §3).

use crate::{
    Asked, Authority, Form, Framing, Head, Known, Limits, Options, Parsed, Reject, Side, Version,
    field::{members, slice},
    head::{fault, incomplete, is_news, room},
    limits::MOST_HEADERS,
};

/// The methods that decide framing or form; all others are forwarded as they are (RFC 9110 §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verb {
    /// GET
    Get,
    /// HEAD: its response has no body.
    Head,
    /// CONNECT: its target is a host and a port.
    Connect,
    /// OPTIONS: its target may be `*`.
    Options,
    /// Any other.
    #[default]
    Other,
}

/// A parsed request head. Use one for many messages: [`Request::parse`] forgets the last one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    head: Head,
    verb: Verb,
    form: Form,
    method: (u32, u32),
    target: (u32, u32),
    upgrade: bool,
}

impl Request {
    /// Parses a head from its first byte on.
    ///
    /// `already` is how many of these bytes an earlier call has found incomplete, 0 at first: they are looked at
    /// again only when a line has ended since. After [`Parsed::Complete`] the accessors tell what was found; after
    /// anything else they tell nothing.
    ///
    /// # Errors
    ///
    /// What must be answered with the status of the [`Reject`], and the connection closed. One empty line in front is
    /// skipped (RFC 9112 §2.2: "a server […] SHOULD ignore at least one empty line (CRLF) received prior to the
    /// request-line"), and not a second one.
    pub fn parse(&mut self, bytes: &[u8], already: usize, limits: &Limits) -> Result<Parsed, Reject> {
        self.head.clear();
        let start = if bytes.starts_with(b"\r\n") { 2 } else { 0 };
        match bytes.get(start..) {
            Some([b'\r']) if start == 0 => return Ok(Parsed::Incomplete),
            Some([b'\r' | b'\n', ..]) => {
                return Err(Side::Request.reject("a bare or second empty line in front"));
            }
            _ if !is_news(bytes, already) => return incomplete(bytes, limits, Side::Request),
            _ => {}
        }
        let mut headers = room();
        let mut parsed = httparse::Request::new(&mut []);
        let found = parsed
            .parse_with_uninit_headers(&bytes[start..], &mut headers[..limits.headers.min(MOST_HEADERS)]);
        if parsed.method.is_some_and(|method| method.len() > limits.method_bytes as usize) {
            return Err(Reject::new(501, "the method is too long"));
        }
        if parsed.path.is_some_and(|target| target.len() > limits.target_bytes as usize) {
            return Err(Reject::new(414, "the request target is too long"));
        }
        let length = match found {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return incomplete(bytes, limits, Side::Request),
            Err(httparse::Error::Version) => {
                let line = &bytes[start..];
                return match version(line, &parsed) {
                    Some(reject) => Err(reject),
                    None => incomplete(bytes, limits, Side::Request),
                };
            }
            Err(error) => return Err(fault(error, Side::Request)),
        };
        let end = start + length;
        if end > limits.head_bytes as usize {
            return Err(Reject::new(431, "the head is too long"));
        }
        let (Some(method), Some(target)) = (parsed.method, parsed.path) else {
            return Err(fault(httparse::Error::Token, Side::Request));
        };
        self.head.start = start;
        self.head.version = if parsed.version == Some(0) { Version::Http10 } else { Version::Http11 };
        self.head.take(bytes, parsed.headers, end, Side::Request)?;
        // Both stand in the line's order, one space between them: httparse takes no other.
        let method_end = start + method.len();
        self.method = (start as u32, method_end as u32);
        self.target = (method_end as u32 + 1, (method_end + 1 + target.len()) as u32);
        self.verb = match method {
            "GET" => Verb::Get,
            "HEAD" => Verb::Head,
            "CONNECT" => Verb::Connect,
            "OPTIONS" => Verb::Options,
            _ => Verb::Other,
        };
        self.form = Form::of(self.verb, target.as_bytes())?;
        self.check_host(bytes)?;
        if self.verb == Verb::Connect && self.head.framing != Framing::None {
            return Err(Side::Request.reject("connect with a body"));
        }
        self.upgrade = self.is_upgrade(bytes);
        Ok(Parsed::Complete(end))
    }

    /// What it has in common with a response: fields, framing, persistence.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The method, as it was sent.
    #[must_use]
    pub fn method<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        slice(bytes, self.method)
    }

    /// Which of the methods that decide something it is.
    #[must_use]
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The request target, as it was sent.
    #[must_use]
    pub fn target<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        slice(bytes, self.target)
    }

    /// The form of the target.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The path and query, such as `/` for `http://a`; `*` and the `host:port` of CONNECT as they are.
    #[must_use]
    pub fn path<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        self.form.origin(self.verb, self.target(bytes))
    }

    /// The host that is asked for: that of the target, otherwise of the Host field. `None` only in HTTP/1.0.
    #[must_use]
    pub fn authority<'a>(&self, bytes: &'a [u8]) -> Option<Authority<'a>> {
        Authority::parse(self.authority_text(bytes)?)
    }

    /// Whether it asks to leave HTTP, and may be offered to the next hop: HTTP/1.1, `Connection: upgrade`, one
    /// Upgrade field without `h2c`, and no body. Otherwise its Upgrade is not forwarded, which RFC 9110 §7.8 allows
    /// at any time. Such a body could be read as the start of the new protocol; and a server that takes `h2c` would
    /// be asked things that no proxy has seen.
    #[must_use]
    pub fn upgrade(&self) -> bool {
        self.upgrade
    }

    /// Whether the client keeps its connection open behind this request.
    #[must_use]
    pub fn persists(&self) -> bool {
        self.head.options.persist(self.head.version)
    }

    /// Whether the client waits for a 100 before it sends the body (RFC 9110 §10.1.1): "A server that receives a
    /// 100-continue expectation in an HTTP/1.0 request MUST ignore that expectation".
    #[must_use]
    pub fn waits(&self, bytes: &[u8]) -> bool {
        self.head.version != Version::Http10
            && !matches!(self.head.framing, Framing::None | Framing::Length(0))
            && self.head.known(Known::Expect).is_some_and(|expect| {
                members(expect.value(bytes)).any(|member| member.eq_ignore_ascii_case(b"100-continue"))
            })
    }

    /// Says that it came as HTTP/2, and was translated to the bytes it was parsed from.
    pub fn translated(&mut self) {
        self.head.version = Version::Http2;
    }

    /// What its response has to be read with.
    #[must_use]
    pub fn asked(&self) -> Asked {
        Asked { verb: self.verb, upgrade: self.upgrade }
    }

    pub(crate) fn authority_text<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        match self.form {
            Form::Absolute { authority, path, .. } => {
                Some(&self.target(bytes)[authority as usize..path as usize])
            }
            Form::Authority => Some(self.target(bytes)),
            _ => self.head.known(Known::Host).map(|host| host.value(bytes)),
        }
    }

    /// RFC 9112 §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that
    /// lacks a Host header field and to any request message that contains more than one Host header field line or a
    /// Host header field with an invalid field value."
    fn check_host(&self, bytes: &[u8]) -> Result<(), Reject> {
        let Some(host) = self.head.known(Known::Host) else {
            return match self.head.version {
                Version::Http10 => Ok(()),
                Version::Http11 | Version::Http2 => Err(Side::Request.reject("host is missing")),
            };
        };
        let host = Authority::parse(host.value(bytes)).ok_or(Side::Request.reject("host is not a host"))?;
        let default = match self.form {
            Form::Absolute { port, .. } => port,
            Form::Authority => self.authority(bytes).and_then(|target| target.port).unwrap_or_default(),
            _ => return Ok(()),
        };
        match self.authority(bytes) {
            Some(target) if target.is(&host, default) => Ok(()),
            _ => Err(Side::Request.reject("the request target and host disagree")),
        }
    }

    fn is_upgrade(&self, bytes: &[u8]) -> bool {
        if self.head.version != Version::Http11
            || !self.head.options.has(Options::UPGRADE)
            || self.head.framing != Framing::None
        {
            return false;
        }
        let mut upgrades = self.head.fields().iter().filter(|field| field.known == Known::Upgrade);
        let (Some(upgrade), None) = (upgrades.next(), upgrades.next()) else { return false };
        let mut protocols = members(upgrade.value(bytes)).peekable();
        protocols.peek().is_some() && protocols.all(|protocol| !protocol.eq_ignore_ascii_case(b"h2c"))
    }
}

/// Why the version is refused; `None` while it may still become one.
fn version(line: &[u8], parsed: &httparse::Request<'_, '_>) -> Option<Reject> {
    let (method, target) = (parsed.method?, parsed.path?);
    let version = &line[method.len() + target.len() + 2..];
    let fits = version.iter().zip(b"HTTP/0.0").all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    match fits {
        true if version.len() < 8 => None,
        true => Some(Reject::new(505, "the version is neither HTTP/1.0 nor HTTP/1.1")),
        false => Some(fault(httparse::Error::Version, Side::Request)),
    }
}

#[cfg(test)]
mod tests;

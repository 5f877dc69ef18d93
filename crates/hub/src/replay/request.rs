//! A request, as it is sent once more. Pure.
//!
//! What was hidden or cut is not made up: such a request is refused, and whoever edits it says what belongs there.

use navyd_model::exchange::Protocol;

use crate::export::Raw;

/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    line: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
    trailers: Vec<(String, String)>,
}

/// Why a request cannot be sent once more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// It is none of HTTP.
    #[error("exchanges of `{0}` cannot be sent once more")]
    Protocol(Protocol),
    /// A value in it was hidden before it was kept.
    #[error("the value of `{0}` was redacted")]
    Redacted(String),
    /// Its body is not kept as it was sent.
    #[error("its body is not kept as it was sent: {kept} of {size} bytes")]
    Cut {
        /// How many bytes are kept.
        kept: u64,
        /// How many were sent.
        size: u64,
    },
    /// What was written is no request.
    #[error("`{0}` is no line of a request")]
    Line(String),
}

impl Request {
    /// From what is kept.
    pub(crate) fn of(raw: &Raw) -> Result<Self, Unfit> {
        let (message, protocol) = (&raw.exchange.request, raw.exchange.summary.protocol);
        let line = message.line.clone().filter(|_| protocol.is_http() && protocol != Protocol::Websocket);
        let line = line.ok_or(Unfit::Protocol(protocol))?;
        let (kept, size) = (raw.request.len() as u64, message.body.as_ref().map_or(0, |body| body.size));
        let trailers = message.trailers.clone();
        let request = Self { line, fields: message.headers.clone(), body: raw.request.clone(), trailers };
        let request = request.shown()?;
        if kept == size { Ok(request) } else { Err(Unfit::Cut { kept, size }) }
    }

    /// From what a person wrote: a first line, fields, an empty line and a body. Lines of the head may end as the
    /// person's editor ends them.
    pub(crate) fn written(text: &str) -> Result<Self, Unfit> {
        let no_line = |line: &str| Unfit::Line(line.chars().take(80).collect());
        let (mut rest, mut head) = (text, Vec::new());
        let body = loop {
            let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() {
                break behind;
            }
            if line.contains(|c: char| c.is_control() && c != '\t') {
                return Err(no_line(line));
            }
            head.push(line);
            rest = behind;
        };
        let mut lines = head.into_iter();
        let line = lines.next().unwrap_or_default();
        let words: Vec<&str> = line.split(' ').collect();
        let is_request = matches!(words[..], [method, target, version]
            if !method.is_empty() && !target.is_empty() && version.starts_with("HTTP/"));
        if !is_request {
            return Err(no_line(line));
        }
        let field = |line: &str| {
            let (name, value) = line.split_once(':').filter(|(name, _)| !name.trim().is_empty())?;
            (!name.contains([' ', '\t'])).then(|| (name.to_owned(), value.trim().to_owned()))
        };
        let fields = lines.map(|line| field(line).ok_or_else(|| no_line(line))).collect::<Result<_, _>>()?;
        let request =
            Self { line: line.to_owned(), fields, body: body.as_bytes().to_vec(), trailers: Vec::new() };
        request.shown()
    }

    /// The same for another host.
    pub(crate) fn for_host(mut self, host: &str) -> Self {
        for (_, value) in self.fields.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("host")) {
            host.clone_into(value);
        }
        self
    }

    /// As it is sent. The length of the body is told as it is.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let is = |name: &str, known: &str| name.eq_ignore_ascii_case(known);
        let framed = self.fields.iter().any(|(name, _)| is(name, "transfer-encoding"));
        // In HTTP/2 a body has an end of its own, and needs no length to have trailers.
        let chunked = framed || !self.trailers.is_empty();
        let line =
            self.line.strip_suffix("HTTP/2").map_or(self.line.clone(), |line| format!("{line}HTTP/1.1"));
        let mut out = format!("{line}\r\n").into_bytes();
        let mut told = chunked;
        for (name, value) in &self.fields {
            if is(name, "content-length") {
                // Two lengths, or one beside chunks, are what smuggling is made of (RFC 9112 §6.3).
                if !told {
                    out.extend(format!("{name}: {}\r\n", self.body.len()).into_bytes());
                }
                told = true;
            } else {
                out.extend(format!("{name}: {value}\r\n").into_bytes());
            }
        }
        if chunked && !framed {
            out.extend(b"Transfer-Encoding: chunked\r\n");
        }
        if !told && !self.body.is_empty() {
            out.extend(format!("Content-Length: {}\r\n", self.body.len()).into_bytes());
        }
        out.extend(b"\r\n");
        if !chunked {
            out.extend(&self.body);
            return out;
        }
        if !self.body.is_empty() {
            out.extend(format!("{:x}\r\n", self.body.len()).into_bytes());
            out.extend(&self.body);
            out.extend(b"\r\n");
        }
        out.extend(b"0\r\n");
        for (name, value) in &self.trailers {
            out.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        out.extend(b"\r\n");
        out
    }

    /// Itself, if nothing in it is hidden.
    fn shown(self) -> Result<Self, Unfit> {
        if self.line.contains(REDACTED) {
            return Err(Unfit::Redacted("the URL".to_owned()));
        }
        let mut fields = self.fields.iter().chain(&self.trailers);
        if let Some((name, _)) = fields.find(|(_, value)| value.contains(REDACTED)) {
            return Err(Unfit::Redacted(name.clone()));
        }
        if self.body.windows(REDACTED.len()).any(|part| part == REDACTED.as_bytes()) {
            return Err(Unfit::Redacted("the body".to_owned()));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_of_http_2_come_behind_chunks() {
        let mut request = Request::written("POST / HTTP/2\nhost: a\ncontent-length: 2\n\nab").unwrap();
        request.trailers = vec![("x-sum".to_owned(), "1".to_owned())];
        let expected = "POST / HTTP/1.1|host: a|Transfer-Encoding: chunked||2|ab|0|x-sum: 1||";
        assert_eq!(String::from_utf8(request.bytes()).unwrap().replace("\r\n", "|"), expected);
    }

    #[test]
    fn what_is_written_is_sent_with_its_length() {
        for (written, sent) in [
            ("GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("GET / HTTP/1.1\r\nHost:a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("GET / HTTP/1.1\nHost: a", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            (
                "POST /x HTTP/1.1\nHost: a\ncontent-length: 9\n\nab\ncd",
                "POST /x HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nab\ncd",
            ),
            ("POST / HTTP/2\nhost: a\n\nab", "POST / HTTP/1.1\r\nhost: a\r\nContent-Length: 2\r\n\r\nab"),
            ("POST / HTTP/1.1\nHost: a\n\nab", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"),
            (
                "POST / HTTP/1.1\nHost: a\nContent-Length: 7\nTransfer-Encoding: chunked\n\nab",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            ),
        ] {
            let request = Request::written(written).unwrap();
            assert_eq!(String::from_utf8(request.bytes()).unwrap(), sent, "{written}");
        }
    }

    #[test]
    fn what_is_no_request_or_hides_something_is_refused() {
        let line = |text: &str| Unfit::Line(text.to_owned());
        let redacted = |name: &str| Unfit::Redacted(name.to_owned());
        for (written, expected) in [
            ("", line("")),
            ("GET /", line("GET /")),
            ("GET / HTTP/1.1\nno field\n\n", line("no field")),
            ("GET / HTTP/1.1\nA: b\rC: d\n\n", line("A: b\rC: d")),
            ("GET / HTTP/1.1\nA : b\n\n", line("A : b")),
            ("GET /?token=[redacted] HTTP/1.1\n\n", redacted("the URL")),
            ("GET / HTTP/1.1\nCookie: [redacted]\n\n", redacted("Cookie")),
            ("GET / HTTP/1.1\n\n{\"token\":\"[redacted]\"}", redacted("the body")),
        ] {
            assert_eq!(Request::written(written), Err(expected), "{written}");
        }
    }

    #[test]
    fn another_host_is_named_where_the_host_is() {
        let request = Request::written("GET / HTTP/1.1\nhost: a\nX-Host: a\n\n").unwrap().for_host("b:1");
        assert_eq!(request.bytes(), b"GET / HTTP/1.1\r\nhost: b:1\r\nX-Host: a\r\n\r\n");
    }
}

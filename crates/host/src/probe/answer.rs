//! HTTP/1 answers, read for every protocol that lies behind HTTP.

use super::{
    leaf::{Base, Found},
    text,
};

/// What servers say in clear when they wanted TLS.
const WANTS_TLS: [&str; 3] = [
    "plain HTTP request was sent to HTTPS port",
    "sent an HTTP request to an HTTPS server",
    "speaking plain HTTP to an SSL-enabled server port",
];

/// An HTTP/1 answer.
pub(crate) struct Answer<'a> {
    /// The version: `1.0` or `1.1`.
    version: &'a str,
    /// The status code.
    pub(crate) status: u16,
    /// What lies between the status line and the empty line.
    headings: &'a [u8],
    /// What follows, as far as it was read; never unchunked, because HTTP/1.0 was asked.
    pub(crate) body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// Reads an answer whose headings have ended.
    pub(crate) fn read(reply: &'a [u8]) -> Option<Self> {
        let rest = reply.strip_prefix(b"HTTP/")?;
        let version = match rest.first_chunk::<4>()? {
            b"1.0 " => "1.0",
            b"1.1 " => "1.1",
            _ => return None,
        };
        let digits = std::str::from_utf8(rest.get(4..7)?).ok()?;
        let status = digits.parse().ok().filter(|status| (100..600).contains(status))?;
        let start = rest.iter().position(|byte| *byte == b'\n')? + 1;
        let rest = &rest[start..];
        // RFC 9112 §2.2: a lone LF may end a line too.
        let (end, body) = if rest.starts_with(b"\r\n") || rest.starts_with(b"\n") {
            (0, text::find(rest, b"\n")? + 1)
        } else {
            let ends = [(b"\r\n\r\n".as_slice(), 4), (b"\n\n".as_slice(), 2)];
            let found = ends.into_iter().filter_map(|(mark, length)| Some((text::find(rest, mark)?, length)));
            let (end, length) = found.min()?;
            (end, end + length)
        };
        Some(Self { version, status, headings: &rest[..end], body: &rest[body..] })
    }

    /// The first heading of that name.
    pub(crate) fn heading(&self, name: &str) -> Option<&'a [u8]> {
        self.headings.split(|byte| *byte == b'\n').find_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (key, value) = (&line[..colon], &line[colon + 1..]);
            key.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
        })
    }

    /// Whether a heading of that name has the word in it.
    pub(crate) fn says(&self, name: &str, word: &str) -> bool {
        self.heading(name).is_some_and(|value| text::contains(value, word.as_bytes()))
    }

    /// The body as JSON, when it is an object.
    pub(crate) fn object(&self) -> Option<serde_json::Map<String, serde_json::Value>> {
        serde_json::from_slice(self.body).ok()
    }

    /// `HTTP/1.1`.
    pub(super) fn protocol(&self) -> String {
        format!("HTTP/{}", self.version)
    }

    /// A protocol that lies behind this answer: its own words, then the base.
    pub(super) fn behind(&self, protocol: &str, detail: Option<String>) -> Found {
        Found::new(protocol, text::join([detail, Some(format!("over {}", self.protocol()))]))
    }

    /// Whether the body has come to the length announced.
    pub(crate) fn is_whole(&self) -> bool {
        let length = self.heading("content-length").and_then(|value| std::str::from_utf8(value).ok());
        let length = length.and_then(|value| value.parse::<usize>().ok());
        length.is_some_and(|length| self.body.len() >= length)
    }

    /// HTTP itself, unless the answer only says that TLS was wanted.
    pub(super) fn found(&self) -> Option<Found> {
        if WANTS_TLS.iter().any(|words| text::contains(self.body, words.as_bytes())) {
            return None;
        }
        let named = |name: &str| self.heading(name).map(text::line);
        let title = title(self.body).map(|title| format!("title `{}`", text::line(title)));
        let detail = text::join([
            Some(format!("status {}", self.status)),
            named("server"),
            named("x-powered-by"),
            title.filter(|_| self.status < 400),
        ]);
        Some(Found { protocol: self.protocol(), detail, base: Some(Base::Http1) })
    }
}

/// Whether a server says, in clear, that it wants TLS.
pub(super) fn wants_tls(reply: &[u8]) -> bool {
    WANTS_TLS.iter().any(|words| text::contains(reply, words.as_bytes()))
}

/// The text of an HTML title.
fn title(body: &[u8]) -> Option<&[u8]> {
    let start = text::find(body, b"<title>")? + 7;
    let length = text::find(&body[start..], b"</title>")?;
    Some(body[start..start + length].trim_ascii()).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings() {
        let answer = Answer::read(b"HTTP/1.1 200 OK\r\nA: 1\r\nServer:  x \r\nb\r\n\r\nServer: y").unwrap();
        assert_eq!(answer.heading("server"), Some(&b"x"[..]));
        assert_eq!(answer.heading("b"), None);
        assert_eq!(answer.body, b"Server: y");
    }
}

//! Heads of HTTP, parsed and redacted once however often they are seen.

use navyd_h1::{Asked, Framing, Known, Limits, Parsed, Request, Response, limits::MOST_HEADERS};
use navyd_model::exchange::Protocol;

use super::super::{
    known::Row,
    redact::{self, Encoding, Form},
};

/// The head of a message, or what stands for it in another protocol.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// As it came, to be recognised; empty when it is too long for that.
    pub(crate) raw: Box<[u8]>,
    /// What tells it from others with the same bytes.
    pub(crate) kind: u64,
    /// What was asked for: `GET`, `query`. Empty in a response.
    pub(crate) method: String,
    /// What it was asked of; of a response its reason.
    pub(crate) target: String,
    /// Its lines without secrets, each with its end; empty outside of HTTP.
    pub(crate) text: Vec<u8>,
    /// The status of a response.
    pub(crate) status: Option<u16>,
    /// What follows it.
    pub(crate) body: Shape,
    /// What of a request its response is read with.
    pub(crate) asked: Asked,
    /// Whether a response is interim.
    pub(crate) interim: bool,
    /// What it says is spoken, where that is not HTTP alone.
    pub(crate) protocol: Option<Protocol>,
    /// The trace that it belongs to (Trace Context §3.2.2.3).
    pub(crate) trace: Option<[u8; 32]>,
    /// `grpc-status`, where a response has it in its head.
    pub(crate) grpc: Option<u16>,
    /// Where it is stored.
    pub(crate) row: Row,
}

/// How a body is framed, and how it is looked through.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shape {
    pub(crate) framing: Framing,
    pub(crate) form: Form,
    pub(crate) encoding: Encoding,
}

/// What the gateway has let pass is not refused here for its size.
const LIMITS: Limits =
    Limits { head_bytes: u32::MAX, headers: MOST_HEADERS, target_bytes: u32::MAX, method_bytes: u32::MAX };

impl Head {
    /// The head of a request, which came by TLS or not, and as a translation from HTTP/2 or not.
    pub(crate) fn request(bytes: &[u8], tls: bool, h2: bool, reveal: bool) -> Self {
        let mut request = Request::default();
        if !matches!(request.parse(bytes, 0, &LIMITS), Ok(Parsed::Complete(_))) {
            return Self::torn(bytes, reveal);
        }
        // A tunnel is told as the upgrade that it stands for, which has no other form in HTTP/1.
        let h2 = h2 && !request.upgrade();
        let fields = || request.head().fields().iter().map(|field| (field.name(bytes), field.value(bytes)));
        let line = request.head().first_line(bytes);
        let line = match line.strip_suffix(b"1.1").filter(|_| h2) {
            Some(line) => &[line, b"2"].concat(),
            None => line,
        };
        let mut head = Self::of(line, || fields().filter(|(name, _)| !h2 || is_of_h2(name)), reveal);
        let target = request.target(bytes);
        let url = match request.head().value(bytes, "host").filter(|_| target.first() == Some(&b'/')) {
            Some(host) => [if tls { b"https://".as_slice() } else { b"http://" }, host, target].concat(),
            None => target.to_vec(),
        };
        let hidden = (!reveal).then(|| redact::line(&url)).flatten();
        head.target = text(&hidden.unwrap_or(url));
        head.method = text(request.method(bytes));
        head.body.framing = request.head().framing();
        head.asked = request.asked();
        let value = |name| request.head().value(bytes, name);
        head.protocol = match (value("content-type"), value("upgrade")) {
            (Some(media), _) if starts(media, b"application/grpc") => Some(Protocol::Grpc),
            (_, Some(upgrade)) if upgrade.eq_ignore_ascii_case(b"websocket") => Some(Protocol::Websocket),
            _ => None,
        };
        head.trace = value("traceparent").and_then(trace);
        head
    }

    /// The head of a response to such a request.
    pub(crate) fn response(bytes: &[u8], asked: Asked, h2: bool, reveal: bool) -> Self {
        let mut response = Response::default();
        if !matches!(response.parse(bytes, 0, &LIMITS, asked), Ok(Parsed::Complete(_))) {
            return Self::torn(bytes, reveal);
        }
        let h2 = h2 && response.status() != 101;
        let fields = || response.head().fields().iter().map(|field| (field.name(bytes), field.value(bytes)));
        // RFC 9113 §8.3.2: "HTTP/2 does not define a way to carry the version or reason phrase".
        let line = match h2 {
            true => format!("HTTP/2 {}", response.status()).into_bytes(),
            false => response.head().first_line(bytes).to_vec(),
        };
        let mut head = Self::of(&line, || fields().filter(|(name, _)| !h2 || is_of_h2(name)), reveal);
        head.target = if h2 { String::new() } else { text(response.reason(bytes)) };
        head.status = Some(response.status());
        head.interim = response.is_interim();
        head.body.framing = response.head().framing();
        let value = |name| response.head().value(bytes, name);
        head.protocol =
            value("content-type").filter(|media| starts(media, b"text/event-stream")).map(|_| Protocol::Sse);
        head.grpc = value("grpc-status").and_then(number);
        head
    }

    /// What stands for a head in another protocol.
    pub(crate) fn spoken(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), ..Self::default() }
    }

    fn of<'a, F: Iterator<Item = (&'a [u8], &'a [u8])>>(
        line: &[u8],
        fields: impl Fn() -> F,
        reveal: bool,
    ) -> Self {
        let mut head = Self { text: Vec::with_capacity(256), ..Self::default() };
        let hidden = (!reveal).then(|| redact::line(line)).flatten();
        head.text.extend_from_slice(hidden.as_deref().unwrap_or(line));
        head.text.extend_from_slice(b"\r\n");
        for (name, value) in fields() {
            let hidden = (!reveal).then(|| redact::field(name, value)).flatten();
            for part in [name, b": ", hidden.as_deref().unwrap_or(value), b"\r\n"] {
                head.text.extend_from_slice(part);
            }
        }
        let mut encodings = 0;
        for (name, value) in fields() {
            match Known::of(name) {
                Known::ContentType => head.body.form = Form::of(value),
                Known::Other if name.eq_ignore_ascii_case(b"content-encoding") => {
                    encodings += 1;
                    head.body.encoding = if encodings > 1 { Encoding::Other } else { Encoding::of(value) };
                }
                _ => {}
            }
        }
        head
    }

    /// A head that is not understood: its lines, with the fields that are some.
    fn torn(bytes: &[u8], reveal: bool) -> Self {
        let mut lines =
            bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        let first = lines.next().unwrap_or_default();
        let fields: Vec<(&[u8], &[u8])> = lines
            .filter_map(|line| {
                let colon = line.iter().position(|byte| *byte == b':')?;
                Some((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()))
            })
            .collect();
        let mut head = Self::of(first, || fields.iter().copied(), reveal);
        // Whatever follows is kept.
        head.body.framing = Framing::UntilClose;
        head
    }
}

/// Whether a field of a translated head was one of HTTP/2, and not added for HTTP/1.
fn is_of_h2(name: &[u8]) -> bool {
    !name.iter().any(u8::is_ascii_uppercase)
}

/// The fields of trailers, without secrets.
pub(crate) fn fields(lines: &[u8], reveal: bool) -> Vec<(String, String)> {
    let lines = lines.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            let hidden = (!reveal).then(|| redact::field(name, value)).flatten();
            Some((text(name), text(hidden.as_deref().unwrap_or(value))))
        })
        .collect()
}

/// The first line of a stored head, and its fields.
pub(crate) fn lines(stored: &[u8]) -> (Option<String>, Vec<(String, String)>) {
    let end = stored.iter().position(|byte| *byte == b'\n').map_or(stored.len(), |at| at + 1);
    let (first, rest) = stored.split_at(end);
    ((!stored.is_empty()).then(|| text(first.trim_ascii_end())), fields(rest, true))
}

/// A number as it stands in a field.
pub(crate) fn number(value: &[u8]) -> Option<u16> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn starts(value: &[u8], prefix: &[u8]) -> bool {
    value.len() >= prefix.len() && value[..prefix.len()].eq_ignore_ascii_case(prefix)
}

/// Trace Context §3.2.2: `00-TRACE-PARENT-FLAGS`; a trace of zeros only is invalid.
fn trace(value: &[u8]) -> Option<[u8; 32]> {
    let trace: [u8; 32] = value.get(3..35)?.try_into().ok()?;
    let valid = trace.iter().all(u8::is_ascii_hexdigit) && trace.iter().any(|byte| *byte != b'0');
    (valid && value.get(2) == Some(&b'-') && value.get(35) == Some(&b'-')).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_told_as_it_was_sent_without_its_secrets() {
        let bytes = b"POST /pay?token=abc HTTP/1.1\r\nHOST: shop.localhost\r\nauthorization:  Bearer xyz\r\n\
            Content-type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\
            traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n";
        let head = Head::request(bytes, true, false, false);
        assert_eq!(head.method, "POST");
        assert_eq!(head.target, "https://shop.localhost/pay?token=[redacted]");
        let (line, fields) = lines(&head.text);
        assert_eq!(line.as_deref(), Some("POST /pay?token=[redacted] HTTP/1.1"));
        assert_eq!(fields[0], ("HOST".into(), "shop.localhost".into()));
        assert_eq!(fields[1], ("authorization".into(), "Bearer [redacted]".into()));
        assert_eq!(head.body.framing, Framing::Length(5));
        assert_eq!(
            (head.body.form, head.body.encoding),
            (Form::Json, Encoding::One(navyd_decode::body::Coding::Gzip))
        );
        assert_eq!(
            head.trace.as_ref().map(<[u8; 32]>::as_slice),
            Some(b"0af7651916cd43dd8448eb211c80319c".as_slice())
        );
        let bare = Head::request(bytes, true, false, true);
        assert!(bare.target.ends_with("token=abc"));
        assert!(String::from_utf8_lossy(&bare.text).contains("Bearer xyz"));
    }

    #[test]
    fn of_http_2_only_what_was_sent_is_told() {
        for (bytes, expected) in [
            (
                "POST /a HTTP/1.1|host: a|x-b: 1|Transfer-Encoding: chunked||",
                "POST /a HTTP/2|host: a|x-b: 1|",
            ),
            ("GET /HTTP/1.1 HTTP/1.1|host: a||", "GET /HTTP/1.1 HTTP/2|host: a|"),
            (
                "GET /a HTTP/1.1|host: a|Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Key: a||",
                "GET /a HTTP/1.1|host: a|Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Key: a|",
            ),
        ] {
            let head = Head::request(bytes.replace('|', "\r\n").as_bytes(), false, true, false);
            assert_eq!(text(&head.text).replace("\r\n", "|"), expected);
        }
        for (bytes, expected) in [
            ("HTTP/1.1 200 OK|x-b: 1|Content-Length: 0||", "HTTP/2 200|x-b: 1|"),
            ("HTTP/1.1 200 OK|content-length: 0||", "HTTP/2 200|content-length: 0|"),
            ("HTTP/1.1 103 Early Hints|link: a||", "HTTP/2 103|link: a|"),
        ] {
            let bytes = bytes.replace('|', "\r\n");
            let head = Head::response(bytes.as_bytes(), Asked::default(), true, false);
            assert_eq!(text(&head.text).replace("\r\n", "|"), expected);
            assert_eq!(head.target, "");
        }
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(Head::response(chunked, Asked::default(), true, false).body.framing, Framing::Chunked);
    }

    #[test]
    fn a_response_is_read_with_its_request() {
        let bytes = b"HTTP/1.1 200 Fine\r\nContent-Type: text/event-stream\r\n\r\n";
        let head = Head::response(bytes, Asked::default(), false, false);
        assert_eq!((head.status, head.target.as_str(), head.interim), (Some(200), "Fine", false));
        assert_eq!((head.protocol, head.body.framing), (Some(Protocol::Sse), Framing::UntilClose));
        let hints = Head::response(b"HTTP/1.1 103 Early Hints\r\n\r\n", Asked::default(), false, false);
        assert!(hints.interim);
    }

    #[test]
    fn a_head_that_is_not_understood_keeps_its_lines_and_no_secret() {
        let head = Head::request(b"what\xff ever\nCookie: a=b\n\n", false, false, false);
        let (line, fields) = lines(&head.text);
        assert_eq!(line.as_deref(), Some("what\u{fffd} ever"));
        assert_eq!(fields, [("Cookie".to_owned(), "a=[redacted]".to_owned())]);
    }

    #[test]
    fn traces_are_told_by_their_form() {
        for (value, expected) in [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-xaf7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00", false),
        ] {
            assert_eq!(trace(value.as_bytes()).is_some(), expected, "{value}");
        }
    }
}

//! A request, on its way to an upstream.

use super::{Client, Fate, add, copy, is_named, via};
use crate::{Form, Known, Request, Version, field::members};

/// What the caller decides about a request.
#[derive(Debug, Clone, Copy)]
pub struct Onward<'a> {
    /// Whose request it is.
    pub client: &'a Client,
    /// The Host to send instead of the client's, which must be one. `None` keeps the client's.
    pub host: Option<&'a str>,
    /// Our name in Via, a token (RFC 9110 §7.6.3).
    pub via: &'a str,
    /// Whether an upgrade that the client asks for is offered to the upstream. It is only if [`Request::upgrade`]
    /// allows it too; raw mode starts after the upstream's 101.
    pub upgrade: bool,
    /// More field lines, each with its line end.
    pub extra: &'a [u8],
}

/// Writes the head of a request behind what `out` holds: in origin-form, as HTTP/1.1.
///
/// Without a Host and without one to send instead, as HTTP/1.0 allows it, Host is empty (RFC 9110 §7.2). The body
/// follows as it came: its framing is kept.
pub fn request(bytes: &[u8], request: &Request, onward: &Onward<'_>, out: &mut Vec<u8>) {
    const NEVER: u32 = Known::Connection.bit()
        | Known::KeepAlive.bit()
        | Known::ProxyConnection.bit()
        | Known::Te.bit()
        | Known::Forwarded.bit();
    let head = request.head();
    let upgrade = onward.upgrade && request.upgrade();
    let never = if upgrade { NEVER } else { NEVER | Known::Upgrade.bit() };
    out.reserve(head.end + 512);

    let mut from = head.start;
    if head.version() != Version::Http11 || matches!(request.form(), Form::Absolute { .. }) {
        from = head.fields_start;
        for part in [request.method(bytes), b" ", request.path(bytes), b" HTTP/1.1\r\n"] {
            out.extend_from_slice(part);
        }
    }
    let fate = |field: &crate::Field| match field.known() {
        known if never & known.bit() != 0 => Fate::Drop,
        Known::Host => onward.host.map_or(Fate::Keep, |host| Fate::Value(host.as_bytes())),
        // Named or not, it stays: the connection option is written anew.
        Known::Upgrade => Fate::Keep,
        _ if is_named(bytes, head, field) => Fate::Drop,
        _ => Fate::Keep,
    };
    copy(bytes, head, from, fate, out);
    if !head.has(Known::Host) {
        add(b"Host", onward.host.unwrap_or_default().as_bytes(), out);
    }
    match (upgrade, takes_trailers(bytes, request)) {
        (true, _) => out.extend_from_slice(b"Connection: Upgrade\r\n"),
        // RFC 9110 §10.1.4: "A sender of TE MUST also send a "TE" connection option".
        (false, true) => out.extend_from_slice(b"Connection: TE\r\nTE: trailers\r\n"),
        (false, false) => {}
    }
    onward.client.write(request.authority_text(bytes), out);
    via(head, onward.via, out);
    out.extend_from_slice(onward.extra);
    out.extend_from_slice(b"\r\n");
}

/// Whether the client says `TE: trailers`, which holds for the whole chain since every hop here keeps trailers.
fn takes_trailers(bytes: &[u8], request: &Request) -> bool {
    let is_trailers = |coding: &[u8]| coding.eq_ignore_ascii_case(b"trailers");
    request.head().has(Known::Te)
        && request
            .head()
            .fields()
            .iter()
            .filter(|field| field.known() == Known::Te)
            .any(|te| members(te.value(bytes)).any(is_trailers))
}

#[cfg(test)]
mod tests {
    use super::{Client, Onward, request};
    use crate::{Limits, Parsed, Request, forward::Scheme};

    /// `|` stands for CRLF. `~` stands for what is added to every request to the host `a`.
    fn check(host: Option<&str>, from: &str, expected: &str) {
        const ADDED: &str = "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|\
            Forwarded: for=127.0.0.1;proto=http;host=\"a\"|X-Forwarded-Host: a|Via: 1.1 navyd|";
        let bytes = from.replace('|', "\r\n").into_bytes();
        let mut parsed = Request::default();
        let found = parsed.parse(&bytes, 0, &Limits::default());
        assert_eq!(found, Ok(Parsed::Complete(bytes.len())), "{from}");
        let client = Client::new([127, 0, 0, 1].into(), Scheme::Http);
        let onward = Onward { client: &client, host, via: "navyd", upgrade: true, extra: b"" };
        let mut out = b"before".to_vec();
        request(&bytes, &parsed, &onward, &mut out);
        let written = String::from_utf8(out).expect("ASCII").replace("\r\n", "|");
        assert_eq!(written, format!("before{}", expected.replace('~', ADDED)), "{from}");
    }

    #[test]
    fn bytes_are_kept() {
        check(None, "GET /a?b HTTP/1.1|hOsT: a|x-B: 1|X-a:2||", "GET /a?b HTTP/1.1|hOsT: a|x-B: 1|X-a:2|~|");
        check(
            None,
            "POST / HTTP/1.1|Host: a|Content-Length: 5|Expect: 100-continue||",
            "POST / HTTP/1.1|Host: a|Content-Length: 5|Expect: 100-continue|~|",
        );
        check(
            None,
            "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Trailer: X||",
            "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Trailer: X|~|",
        );
    }

    #[test]
    fn whitespace_becomes_one_space() {
        check(None, "GET / HTTP/1.1|Host:\ta|X:  y \t|Z: ||", "GET / HTTP/1.1|Host: a|X: y|Z: |~|");
    }

    #[test]
    fn what_belongs_to_one_connection_stays() {
        check(
            None,
            "GET / HTTP/1.1|A: 1|Connection: close, X-Secret|x-secret: 1|Host: a|Keep-Alive: 5|Proxy-Connection: x|B: 2||",
            "GET / HTTP/1.1|A: 1|Host: a|B: 2|~|",
        );
        check(None, "GET / HTTP/1.1|Host: a|Connection: upgrade|Upgrade: h2c||", "GET / HTTP/1.1|Host: a|~|");
        check(None, "GET / HTTP/1.1|Host: a|Upgrade: websocket||", "GET / HTTP/1.1|Host: a|~|");
        check(
            None,
            "POST / HTTP/1.1|Host: a|Connection: upgrade|Upgrade: websocket|Content-Length: 1||",
            "POST / HTTP/1.1|Host: a|Content-Length: 1|~|",
        );
    }

    #[test]
    fn upgrades_and_trailers_are_asked_for_anew() {
        check(
            None,
            "GET / HTTP/1.1|Host: a|Connection: keep-alive, Upgrade|Upgrade: websocket||",
            "GET / HTTP/1.1|Host: a|Upgrade: websocket|Connection: Upgrade|~|",
        );
        check(
            None,
            "GET / HTTP/1.1|Host: a|TE: gzip, trailers|Connection: TE||",
            "GET / HTTP/1.1|Host: a|Connection: TE|TE: trailers|~|",
        );
    }

    #[test]
    fn claims_about_earlier_hops_are_left_out() {
        check(
            None,
            "GET / HTTP/1.1|X-Forwarded-For: 6.6.6.6|Host: a|x_forwarded_host: b|Forwarded: for=6.6.6.6|Via: 1.0 b|X-Forwarded-Ssl: on||",
            "GET / HTTP/1.1|Host: a|Via: 1.0 b|~|",
        );
    }

    #[test]
    fn targets_become_origin_form() {
        check(None, "GET http://a/b?c HTTP/1.1|Host: a|X: 1||", "GET /b?c HTTP/1.1|Host: a|X: 1|~|");
        check(None, "GET http://a HTTP/1.1|Host: a||", "GET / HTTP/1.1|Host: a|~|");
        check(None, "OPTIONS http://a HTTP/1.1|Host: a||", "OPTIONS * HTTP/1.1|Host: a|~|");
        check(None, "|GET / HTTP/1.1|Host: a||", "GET / HTTP/1.1|Host: a|~|");
    }

    #[test]
    fn hosts_are_replaced_and_old_versions_made_new() {
        check(Some("b:1"), "GET / HTTP/1.1|X: 1|host:a|Y: 2||", "GET / HTTP/1.1|X: 1|host: b:1|Y: 2|~|");
        let added = "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|Forwarded: for=127.0.0.1;proto=http|Via: 1.0 navyd|";
        check(None, "GET / HTTP/1.0||", &format!("GET / HTTP/1.1|Host: |{added}|"));
        check(Some("b"), "GET / HTTP/1.0|X: 1||", &format!("GET / HTTP/1.1|X: 1|Host: b|{added}|"));
    }
}

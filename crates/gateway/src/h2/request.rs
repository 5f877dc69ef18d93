//! The head of a request, from HTTP/2 to the bytes of HTTP/1 and back.
//!
//! Lines that HTTP/2 has no field for are written with capital letters, which no field of HTTP/2 has: so they are told
//! from what the client sent. Fields of one name stand together, where the first of them stood: the library that reads
//! them keeps no more of their order.
//!
//! What a head must be like beyond that is not decided here: the bytes are read by `h1`, which refuses them.

use h2::{Reason, ext::Protocol};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, request::Parts, uri};
use navyd_h1::{self as h1, Known};

use super::{trailers, websocket::Key};

/// How what follows a head is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// There is nothing.
    Nothing,
    /// As it is: its length is known.
    Plain,
    /// In chunks.
    Chunks,
    /// As it is, and only once the upstream has agreed to leave HTTP.
    Tunnel,
}

/// Writes the head of a request that a client sent. `ended` says that it has no body; a WebSocket gets that key.
///
/// # Errors
/// How the stream is to be reset: RFC 9113 §8.1.1: "Malformed requests or responses that are detected MUST be
/// treated as a stream error […] of type PROTOCOL_ERROR."
pub(super) fn write(parts: &Parts, ended: bool, key: &Key, out: &mut Vec<u8>) -> Result<After, Reason> {
    let protocol = parts.extensions.get::<Protocol>().map(Protocol::as_str);
    let authority = parts.uri.authority().map(uri::Authority::as_str);
    let connect = parts.method == Method::CONNECT;
    let after = match (connect, protocol) {
        // RFC 8441 §5: the method is CONNECT where HTTP/1.1 has GET.
        (true, Some("websocket")) => After::Tunnel,
        // A page says that there are no other tunnels.
        (true, _) => After::Nothing,
        _ if ended => After::Nothing,
        _ if parts.headers.contains_key(header::CONTENT_LENGTH) => After::Plain,
        _ => After::Chunks,
    };
    let (method, target) = match after {
        After::Tunnel => ("GET", path(&parts.uri)?),
        _ if connect => ("CONNECT", authority.ok_or(Reason::PROTOCOL_ERROR)?),
        _ => (parts.method.as_str(), path(&parts.uri)?),
    };
    if !matches!(parts.uri.scheme_str(), None | Some("http" | "https")) {
        return Err(Reason::PROTOCOL_ERROR);
    }
    // The target of CONNECT has a port (RFC 9110 §7.1); where another protocol is asked for, it need not stand there.
    let port =
        if method == "CONNECT" && protocol.is_some() && parts.uri.port().is_none() { ":80" } else { "" };
    for part in [method, " ", target, port, " HTTP/1.1\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    if let Some(authority) = authority {
        line(b"host", authority.as_bytes(), out);
    }
    fields(&parts.headers, authority, connect, out)?;
    match after {
        After::Chunks => line(b"Transfer-Encoding", b"chunked", out),
        After::Tunnel => {
            line(b"Connection", b"Upgrade", out);
            line(b"Upgrade", b"websocket", out);
            line(b"Sec-WebSocket-Key", key.as_bytes(), out);
        }
        After::Plain | After::Nothing => {}
    }
    out.extend_from_slice(b"\r\n");
    Ok(after)
}

fn path(uri: &Uri) -> Result<&str, Reason> {
    let path = uri.path_and_query().ok_or(Reason::PROTOCOL_ERROR)?.as_str();
    // Anything else would be another form of the target, with an authority of its own.
    if path.starts_with('/') || path == "*" { Ok(path) } else { Err(Reason::PROTOCOL_ERROR) }
}

fn fields(map: &HeaderMap, authority: Option<&str>, tunnel: bool, out: &mut Vec<u8>) -> Result<(), Reason> {
    // Fields of one name come one behind the other, whatever stood between them.
    let mut after_cookie = false;
    for (name, value) in map {
        let value = trailers::check(value)?;
        match *name {
            // RFC 9113 §8.3.1: a request whose Host differs from `:authority` is malformed. Written twice, it is
            // refused with a page that says so.
            header::HOST if authority.is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(value)) => {}
            // A tunnel has no body, and its key is ours.
            header::CONTENT_LENGTH | header::SEC_WEBSOCKET_KEY if tunnel => {}
            // The others stand where the first of them does, as all fields of one name.
            header::COOKIE if after_cookie => {}
            // RFC 9113 §8.2.3: they "MUST be concatenated into a single octet string using the two-octet delimiter of
            // 0x3b, 0x20".
            header::COOKIE => {
                let cookies = map.get_all(header::COOKIE).iter().map(trailers::check);
                line(b"cookie", &cookies.collect::<Result<Vec<_>, _>>()?.join(&b"; "[..]), out);
            }
            ref name => line(name.as_str().as_bytes(), value, out),
        }
        after_cookie = *name == header::COOKIE;
    }
    Ok(())
}

fn line(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}

/// The request for an upstream whose head `h1` has written; an upgrade, of which only that to WebSocket gets here, asks
/// for a tunnel. `None` where it cannot be one of HTTP/2.
pub(super) fn read(bytes: &[u8], request: &h1::Request) -> Option<http::Request<()>> {
    let host =
        request.head().known(Known::Host).map(|host| host.value(bytes)).filter(|host| !host.is_empty());
    let mut parts = uri::Parts::default();
    parts.path_and_query = Some(request.path(bytes).try_into().ok()?);
    if let Some(host) = host {
        parts.scheme = Some(uri::Scheme::HTTP);
        parts.authority = Some(host.try_into().ok()?);
    }
    let mut read = http::Request::new(());
    *read.method_mut() = Method::from_bytes(request.method(bytes)).ok()?;
    *read.uri_mut() = Uri::from_parts(parts).ok()?;
    if request.upgrade() {
        // RFC 8441 §5: the method is CONNECT where HTTP/1.1 has GET.
        *read.method_mut() = Method::CONNECT;
        read.extensions_mut().insert(Protocol::from_static("websocket"));
    }
    for field in request.head().fields() {
        match field.known() {
            // They belong to HTTP/1, or stand in the URI.
            Known::Host
            | Known::Connection
            | Known::KeepAlive
            | Known::ProxyConnection
            | Known::TransferEncoding
            | Known::Upgrade => {}
            _ => {
                let name = HeaderName::from_bytes(field.name(bytes)).ok()?;
                // RFC 8441 §5: key and accept are "not used".
                if request.upgrade() && name == header::SEC_WEBSOCKET_KEY {
                    continue;
                }
                let value = HeaderValue::from_bytes(field.value(bytes)).ok()?;
                read.headers_mut().try_append(name, value).ok()?;
            }
        }
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(request: http::Request<()>, ended: bool) -> Result<(After, String), Reason> {
        let (parts, ()) = request.into_parts();
        let mut out = Vec::new();
        let after = write(&parts, ended, &Key::of([7; 16]), &mut out)?;
        Ok((after, String::from_utf8(out).unwrap().replace("\r\n", "|")))
    }

    fn asked(uri: &'static str, fields: &[(&'static str, &'static str)]) -> http::Request<()> {
        let mut request = http::Request::get(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn a_request_becomes_lines() {
        const A: &str = "http://a.localhost/b?c";
        for (uri, fields, ended, after, expected) in [
            (A, &[][..], true, After::Nothing, ""),
            (A, &[], false, After::Chunks, "Transfer-Encoding: chunked|"),
            (A, &[("content-length", "3")], false, After::Plain, "content-length: 3|"),
            (A, &[("te", "trailers")], true, After::Nothing, "te: trailers|"),
            (
                A,
                &[("cookie", "a=1"), ("x", "1"), ("cookie", "b=2"), ("cookie", "c")],
                true,
                After::Nothing,
                "cookie: a=1; b=2; c|x: 1|",
            ),
            (A, &[("host", "A.localhost")], true, After::Nothing, ""),
            // Refused by whoever reads it.
            (A, &[("host", "b")], true, After::Nothing, "host: b|"),
        ] {
            let expected = format!("GET /b?c HTTP/1.1|host: a.localhost|{expected}|");
            assert_eq!(written(asked(uri, fields), ended), Ok((after, expected)));
        }
        let hosted = written(asked("/b", &[("host", "a")]), true);
        assert_eq!(hosted, Ok((After::Nothing, "GET /b HTTP/1.1|host: a||".to_owned())));
        assert_eq!(written(asked("*", &[]), true), Ok((After::Nothing, "GET * HTTP/1.1||".to_owned())));
    }

    #[test]
    fn a_tunnel_is_an_upgrade_or_a_refusal() {
        let connect = |protocol: &'static str| {
            let mut request = asked("http://a/chat", &[("sec-websocket-key", "theirs")]);
            *request.method_mut() = Method::CONNECT;
            request.extensions_mut().insert(Protocol::from_static(protocol));
            written(request, false)
        };
        let upgrade = "GET /chat HTTP/1.1|host: a|Connection: Upgrade|Upgrade: websocket|\
            Sec-WebSocket-Key: BwcHBwcHBwcHBwcHBwcHBw==||";
        assert_eq!(connect("websocket"), Ok((After::Tunnel, upgrade.to_owned())));
        let refused = "CONNECT a:80 HTTP/1.1|host: a||";
        assert_eq!(connect("connect-udp"), Ok((After::Nothing, refused.to_owned())));
    }

    #[test]
    fn what_is_malformed_resets_the_stream() {
        for request in [asked("http://a/", &[("x", " spaced")]), asked("ftp://a/", &[]), asked("a:80", &[])] {
            assert_eq!(written(request, true), Err(Reason::PROTOCOL_ERROR));
        }
    }

    #[test]
    fn an_upgrade_asks_for_a_tunnel() {
        let bytes = b"GET /chat HTTP/1.1\r\nHost: x:1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\n";
        let mut parsed = h1::Request::default();
        assert_eq!(parsed.parse(bytes, 0, &h1::Limits::default()), Ok(h1::Parsed::Complete(bytes.len())));
        let read = read(bytes, &parsed).unwrap();
        assert_eq!((read.method(), read.uri().to_string().as_str()), (&Method::CONNECT, "http://x:1/chat"));
        assert_eq!(read.extensions().get::<Protocol>().map(Protocol::as_str), Some("websocket"));
        let names: Vec<_> = read.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["sec-websocket-version"]);
    }

    #[test]
    fn lines_become_a_request() {
        let bytes = b"POST /a?b HTTP/1.1\r\nHost: x:1\r\nX-A: 1\r\nConnection: TE\r\nTE: trailers\r\n\
            Transfer-Encoding: chunked\r\n\r\n";
        let mut parsed = h1::Request::default();
        assert_eq!(parsed.parse(bytes, 0, &h1::Limits::default()), Ok(h1::Parsed::Complete(bytes.len())));
        let read = read(bytes, &parsed).unwrap();
        assert_eq!((read.method(), read.uri().to_string().as_str()), (&Method::POST, "http://x:1/a?b"));
        let fields = read.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        assert_eq!(fields.collect::<Vec<_>>(), [("x-a", "1"), ("te", "trailers")]);
    }
}

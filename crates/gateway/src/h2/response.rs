//! The head of a response, from the bytes of HTTP/1 to HTTP/2 and back.

use h2::Reason;
use http::{HeaderName, HeaderValue, StatusCode, header};
use navyd_h1::{self as h1, Framing, Known};

use super::{request::After, trailers, websocket};

/// The response whose head `h1` has written. `None` where it cannot be one of HTTP/2.
pub(super) fn read(bytes: &[u8], response: &h1::Response) -> Option<http::Response<()>> {
    let mut read = http::Response::new(());
    *read.status_mut() = match response.head().framing() {
        // RFC 8441 §5: a 2xx says what 101 says in HTTP/1.1.
        Framing::Tunnel => StatusCode::OK,
        _ => StatusCode::from_u16(response.status()).ok()?,
    };
    for field in response.head().fields() {
        match field.known() {
            // They belong to HTTP/1.
            Known::Connection
            | Known::KeepAlive
            | Known::ProxyConnection
            | Known::TransferEncoding
            | Known::Te
            | Known::Upgrade => {}
            _ => {
                let name = HeaderName::from_bytes(field.name(bytes)).ok()?;
                if name != header::SEC_WEBSOCKET_ACCEPT {
                    let value = HeaderValue::from_bytes(field.value(bytes)).ok()?;
                    read.headers_mut().try_append(name, value).ok()?;
                }
            }
        }
    }
    Some(read)
}

/// Writes the head of a response that an upstream sent. `ended` says that it has no body; `head` that none may come,
/// since it answers HEAD.
///
/// # Errors
/// How the stream is to be reset.
pub(super) fn write(
    response: &http::Response<()>,
    ended: bool,
    head: bool,
    out: &mut Vec<u8>,
) -> Result<After, Reason> {
    let status = response.status();
    // RFC 9113 §8.6: "HTTP/2 removes support for the 101 (Switching Protocols) informational status code".
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Reason::PROTOCOL_ERROR);
    }
    let bodiless = head || status.is_informational() || matches!(status.as_u16(), 204 | 304);
    let measured = response.headers().contains_key(header::CONTENT_LENGTH);
    // HTTP/2 has no reason phrase (RFC 9113 §8.3.2); some programs expect one of HTTP/1.
    let reason = status.canonical_reason().unwrap_or_default();
    out.extend_from_slice(format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).as_bytes());
    for (name, value) in trailers::fields(response.headers())? {
        for part in [name, b": ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    let (after, framing) = match () {
        () if bodiless || (ended && measured) => (After::Nothing, &b"\r\n"[..]),
        () if ended => (After::Nothing, &b"Content-Length: 0\r\n\r\n"[..]),
        () if measured => (After::Plain, &b"\r\n"[..]),
        () => (After::Chunks, &b"Transfer-Encoding: chunked\r\n\r\n"[..]),
    };
    out.extend_from_slice(framing);
    Ok(after)
}

/// Writes the head by which an upstream's 2xx opens a tunnel for a client of HTTP/1.1 that sent this key. RFC 9110
/// §9.3.6: "A client MUST ignore any Content-Length or Transfer-Encoding header fields received in a successful response
/// to CONNECT."
///
/// # Errors
/// How the stream is to be reset.
pub(super) fn switch(response: &http::Response<()>, key: &[u8], out: &mut Vec<u8>) -> Result<(), Reason> {
    let accept = websocket::accept_of(key);
    let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Accept: ";
    for part in [head, &accept, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    for (name, value) in trailers::fields(response.headers())? {
        let never = [header::CONTENT_LENGTH, header::SEC_WEBSOCKET_ACCEPT];
        if never.iter().any(|never| never.as_str().as_bytes() == name) {
            continue;
        }
        for part in [name, b": ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_a_response() {
        for (lines, upgrade, status, fields) in [
            (
                "200 OK|Content-Length: 1|X-A: b|Connection: close|",
                false,
                200,
                &["content-length", "x-a"][..],
            ),
            ("103 Hints|Link: <a>|", false, 103, &["link"]),
            ("426 No|Upgrade: x|Connection: upgrade|Content-Length: 0|", false, 426, &["content-length"]),
            ("101 S|Upgrade: websocket|Connection: upgrade|Sec-WebSocket-Accept: x|A: b|", true, 200, &["a"]),
            ("200 OK|Transfer-Encoding: chunked|Trailer: x|", false, 200, &["trailer"]),
        ] {
            let bytes = format!("HTTP/1.1 {lines}|").replace('|', "\r\n").into_bytes();
            let mut parsed = h1::Response::default();
            let asked = h1::Asked { upgrade, ..h1::Asked::default() };
            let found = parsed.parse(&bytes, 0, &h1::Limits::default(), asked);
            assert_eq!(found, Ok(h1::Parsed::Complete(bytes.len())), "{lines}");
            let read = read(&bytes, &parsed).unwrap();
            let names: Vec<_> = read.headers().keys().map(HeaderName::as_str).collect();
            assert_eq!((read.status().as_u16(), &names[..]), (status, fields), "{lines}");
        }
    }

    #[test]
    fn a_response_becomes_lines() {
        let check = |status: u16, fields: &[(&str, &str)], ended, head, expected| {
            let mut response = http::Response::builder().status(status);
            for (name, value) in fields {
                response = response.header(*name, *value);
            }
            let mut out = Vec::new();
            let after = write(&response.body(()).unwrap(), ended, head, &mut out);
            let lines = String::from_utf8(out).unwrap().replace("\r\n", "|");
            assert_eq!((after, lines.as_str()), expected);
        };
        let length = &[("content-length", "5")];
        check(200, &[], false, false, (Ok(After::Chunks), "HTTP/1.1 200 OK|Transfer-Encoding: chunked||"));
        check(200, length, false, false, (Ok(After::Plain), "HTTP/1.1 200 OK|content-length: 5||"));
        check(200, length, true, true, (Ok(After::Nothing), "HTTP/1.1 200 OK|content-length: 5||"));
        check(
            200,
            &[("a", "b")],
            true,
            false,
            (Ok(After::Nothing), "HTTP/1.1 200 OK|a: b|Content-Length: 0||"),
        );
        check(204, &[], true, false, (Ok(After::Nothing), "HTTP/1.1 204 No Content||"));
        check(
            304,
            length,
            true,
            false,
            (Ok(After::Nothing), "HTTP/1.1 304 Not Modified|content-length: 5||"),
        );
        check(
            103,
            &[("link", "<a>")],
            false,
            false,
            (Ok(After::Nothing), "HTTP/1.1 103 Early Hints|link: <a>||"),
        );
        check(299, &[], false, true, (Ok(After::Nothing), "HTTP/1.1 299 ||"));
        check(101, &[], false, false, (Err(Reason::PROTOCOL_ERROR), ""));
    }
}

//! HTTP/1: the base of a dozen others.
//!
//! The first question has no headings at all: `Host` would be read as an attack by Redis.

use super::{
    answer::Answer,
    leaf::{Found, Probe, Turn, Verdict},
};

/// HTTP/1.0 and HTTP/1.1 (RFC 9112).
pub(super) struct Http;

impl Probe for Http {
    fn name(&self) -> &'static str {
        "HTTP/1"
    }

    fn turn(&self) -> Turn {
        Turn::Asks
    }

    fn ports(&self) -> &'static [u16] {
        &[80, 3000, 5000, 5173, 8000, 8080, 8888]
    }

    fn sends(&self) -> &'static [u8] {
        b"GET / HTTP/1.0\r\n\r\n"
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        if let Some(verdict) = Verdict::prefix(reply, b"HTTP/1.", ended) {
            return verdict;
        }
        match Answer::read(reply) {
            Some(answer) if !answer.is_whole() && !ended => Verdict::More,
            Some(answer) => Verdict::from_found(answer.found()),
            None if ended => Verdict::No,
            None => Verdict::More,
        }
    }

    /// An error in HTTP, where the question was none.
    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        Answer::read(bytes)?.found()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{leaf::tests::check, text},
        *,
    };

    #[test]
    fn answers() {
        check(
            &Http,
            &[
                (
                    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n<TITLE>Welcome</TITLE>",
                    Some(("HTTP/1.1", Some("status 200, nginx/1.22.1, title `Welcome`"))),
                ),
                (b"HTTP/1.0 404 File not found\r\n\r\n", Some(("HTTP/1.0", Some("status 404")))),
                (b"HTTP/1.1 204\n\n", Some(("HTTP/1.1", Some("status 204")))),
                (
                    b"HTTP/1.1 200 OK\nX-Powered-By: Express\n\n",
                    Some(("HTTP/1.1", Some("status 200, Express"))),
                ),
                (b"HTTP/1.1 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", None),
                (b"HTTP/1.1 200 OK\r\nServer: x", None),
                (b"HTTP/2 200\r\n\r\n", None),
                (b"HTTP/1.1 abc\r\n\r\n", None),
                (b"HTTP/1.1 999 x\r\n\r\n", None),
                (b"RTSP/1.0 400 Bad Request\r\n\r\n", None),
                (b"<html>", None),
            ],
        );
    }

    #[test]
    fn it_waits_for_the_body_announced() {
        for (reply, more) in [
            (&b"HTTP"[..], true),
            (b"HTTP/1.1 200 OK\r\n", true),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1", true),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n12", false),
            (b"HTTP/1.1 200 OK\r\n\r\n12", true),
        ] {
            assert_eq!(Http.recognise(reply, false) == Verdict::More, more, "{}", text::line(reply));
        }
    }
}

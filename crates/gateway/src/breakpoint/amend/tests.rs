//! The table: a head, what was made of it, and what is sent.

use super::*;

const POST: &str = "POST /pay HTTP/1.1|Host: a|Content-Length: 2|X-A: 1||";
const CHUNKED: &str = "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Trailer: X||";

fn check(
    from: Side,
    verb: Verb,
    head: &str,
    body: Option<&str>,
    edit: (Option<&str>, Option<&str>),
) -> String {
    let head = head.replace('|', "\r\n");
    let asked = Asked { verb, upgrade: false };
    let original = Original { from, head: head.as_bytes(), asked, body: body.map(str::as_bytes) };
    let typed = edit.0.map(|head| head.replace('|', "\n"));
    let amended = amend(&original, typed.as_deref(), edit.1.map(str::as_bytes), &h1::Limits::default());
    match amended {
        Ok(Amended { head, body, changes }) => {
            let body = body.map_or("…".into(), |body| String::from_utf8(body).unwrap());
            let head = String::from_utf8(head).unwrap().replace("\r\n", "|");
            format!("{head}{body} ({changes})")
        }
        Err(wrong) => wrong.to_string(),
    }
}

#[test]
fn requests_get_the_length_that_they_have() {
    let line = "the first line is `METHOD TARGET` of a request, and `HTTP/1.1 STATUS` of an answer";
    for (head, body, edit, expected) in [
        (POST, Some("hi"), (None, None), "POST /pay HTTP/1.1|Host: a|X-A: 1|Content-Length: 2||hi ()"),
        (
            POST,
            Some("hi"),
            (Some("PUT /other|Host: b|X-B: 2|Content-Length: 99"), Some("hello")),
            "PUT /other HTTP/1.1|Host: b|X-B: 2|Content-Length: 5||hello (method, target, host, x-a, x-b, body)",
        ),
        (POST, Some("hi"), (None, Some("")), "POST /pay HTTP/1.1|Host: a|X-A: 1|Content-Length: 0|| (body)"),
        (CHUNKED, Some("abc"), (None, None), "POST / HTTP/1.1|Host: a|Content-Length: 3||abc ()"),
        // What passes keeps its framing, whatever is typed.
        (
            CHUNKED,
            None,
            (Some("POST /x HTTP/1.0|Host: a|Content-Length: 7"), None),
            "POST /x HTTP/1.1|Host: a|Transfer-Encoding: chunked|Trailer: X||… (target)",
        ),
        (
            CHUNKED,
            None,
            (None, Some("x")),
            "the body is not held, and cannot be edited: it passes behind the head",
        ),
        // What belongs to the connection is the client's.
        (
            "GET / HTTP/1.1|Host: a|Connection: close||",
            Some(""),
            (Some("GET / HTTP/1.1|Host: a|Connection: keep-alive, X-A|Transfer-Encoding: chunked"), None),
            "GET / HTTP/1.1|Host: a|Connection: close|| ()",
        ),
        // Whose body is another one has no encoding.
        (
            "PUT / HTTP/1.1|Host: a|Content-Encoding: gzip|Content-Length: 1||",
            Some("x"),
            (Some("PUT / HTTP/1.1|Host: a|A: b"), Some("plain")),
            "PUT / HTTP/1.1|Host: a|A: b|Content-Length: 5||plain (a, body)",
        ),
        (
            "PUT / HTTP/1.1|Host: a|Content-Encoding: gzip|Content-Length: 1||",
            Some("x"),
            (Some("PUT / HTTP/1.1|Host: a|A: b"), None),
            "PUT / HTTP/1.1|Host: a|A: b|Content-Encoding: gzip|Content-Length: 1||x (a)",
        ),
        (
            POST,
            Some("hi"),
            (Some("HEAD /"), None),
            "`POST` cannot become `HEAD`: the client reads the answer to one in another way than to the other",
        ),
        (POST, Some("hi"), (Some("GET"), None), line),
        (POST, Some("hi"), (Some("GET / x y"), None), line),
        (POST, Some("hi"), (Some(""), None), line),
    ] {
        assert_eq!(check(Side::Client, Verb::Other, head, body, edit), expected, "{head} {edit:?}");
    }
}

#[test]
fn nothing_is_smuggled() {
    for head in [
        "GET / HTTP/1.1|Host: a|X\u{0}: 1",
        "GET / HTTP/1.1|Host: a|X: 1\r2",
        "GET / HTTP/1.1|Host: a| folded: 1",
        "GET / HTTP/1.1|Host: a|no colon",
        "GET / HTTP/1.1|Host: a|Content-Length : 5",
        "GET / HTTP/1.1|Host: a|Host: b",
        "GET / HTTP/1.1",
        "GET /\u{1} HTTP/1.1|Host: a",
        "GET / HTTP/1.1|Host: a||GET /2 HTTP/1.1|Host: a",
    ] {
        let found = check(Side::Client, Verb::Get, "GET / HTTP/1.1|Host: a||", Some(""), (Some(head), None));
        assert!(found.starts_with("the head cannot be sent: "), "{head:?} {found}");
    }
}

#[test]
fn answers_keep_what_their_request_makes_of_them() {
    let ok = "HTTP/1.1 200 OK|Content-Length: 2|Connection: close||";
    let close = "HTTP/1.0 200 OK|A: 1||";
    for (verb, head, body, edit, expected) in [
        (
            Verb::Get,
            ok,
            Some("hi"),
            (Some("HTTP/1.1 503 Not now|Retry-After: 1"), Some("later")),
            "HTTP/1.1 503 Not now|Retry-After: 1|Connection: close|Content-Length: 5||later (status, retry-after, body)",
        ),
        (Verb::Get, close, Some("hi"), (None, None), "HTTP/1.0 200 OK|A: 1|Content-Length: 2||hi ()"),
        (
            Verb::Get,
            ok,
            Some("hi"),
            (None, Some("")),
            "HTTP/1.1 200 OK|Connection: close|Content-Length: 0|| (body)",
        ),
        (
            Verb::Get,
            ok,
            Some(""),
            (Some("HTTP/1.1 204 None"), None),
            "HTTP/1.1 204 None|Connection: close||… (status)",
        ),
        (
            Verb::Get,
            ok,
            Some("hi"),
            (Some("HTTP/1.1 304 Same"), Some("x")),
            "this message has no body, whatever its head says",
        ),
        (Verb::Head, ok, Some(""), (None, Some("x")), "this message has no body, whatever its head says"),
        (
            Verb::Head,
            ok,
            Some(""),
            (Some("HTTP/1.1 404 No"), None),
            "HTTP/1.1 404 No|Content-Length: 2|Connection: close||… (status)",
        ),
        (
            Verb::Get,
            ok,
            Some("hi"),
            (Some("HTTP/1.1 101 Up"), None),
            "`101` cannot be sent as the status of this answer",
        ),
        (
            Verb::Get,
            ok,
            Some("hi"),
            (Some("HTTP/1.1 600 X"), None),
            "`600` cannot be sent as the status of this answer",
        ),
    ] {
        assert_eq!(check(Side::Server, verb, head, body, edit), expected, "{head} {edit:?}");
    }
    let binary = b"GET / HTTP/1.1\r\nHost: a\r\nX: \xff\r\n\r\n";
    let original = Original { from: Side::Client, head: binary, asked: Asked::default(), body: Some(b"") };
    let limits = h1::Limits::default();
    assert_eq!(amend(&original, Some("GET / HTTP/1.1\nHost: a"), None, &limits), Err(Wrong::Binary));
    assert!(amend(&original, None, None, &limits).unwrap().head.windows(2).any(|part| part == b" \xff"));
}

#[test]
fn what_was_told_to_go_on_does_not_ask_again() {
    let head = b"PUT / HTTP/1.1\r\nHost: a\r\nexpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    assert_eq!(without_expectation(head), b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
}

use super::{Request, Verb};
use crate::{Authority, Form, Framing, Known, Limits, Parsed, Version};

/// `|` stands for CRLF.
fn bytes(text: &str) -> Vec<u8> {
    text.replace('|', "\r\n").into_bytes()
}

fn parsed(bytes: &[u8]) -> Request {
    let mut request = Request::default();
    let found = request.parse(bytes, 0, &Limits::default());
    assert!(matches!(found, Ok(Parsed::Complete(_))), "{}: {found:?}", bytes.escape_ascii());
    request
}

#[test]
fn a_head_is_told_by_its_offsets() {
    let bytes = bytes("|POST /a?b HTTP/1.1|hOST: A.localhost:80|X-Y:  z |Content-Length: 3||abcGET");
    let mut request = parsed(b"GET /something/longer HTTP/1.0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n");
    assert_eq!(request.parse(&bytes, 0, &Limits::default()), Ok(Parsed::Complete(bytes.len() - 6)));
    assert_eq!(request, parsed(&bytes), "nothing is left of the message before");
    assert_eq!((request.method(&bytes), request.verb()), (&b"POST"[..], Verb::Other));
    assert_eq!((request.target(&bytes), request.form()), (&b"/a?b"[..], Form::Origin));
    assert_eq!(request.authority(&bytes), Some(Authority { host: "a.localhost", port: Some(80) }));
    let head = request.head();
    assert_eq!((head.version(), head.framing()), (Version::Http11, Framing::Length(3)));
    assert_eq!(head.first_line(&bytes), b"POST /a?b HTTP/1.1");
    assert_eq!((head.value(&bytes, "x-y"), head.value(&bytes, "x")), (Some(&b"z"[..]), None));
    assert_eq!(head.known(Known::Host).map(|host| host.name(&bytes)), Some(&b"hOST"[..]));
    assert_eq!((head.has(Known::ContentLength), head.has(Known::Te)), (true, false));
    assert_eq!(head.fields().len(), 3);
}

#[test]
fn the_target_names_the_host_before_the_field_does() {
    let check = |text: &str, path: &str, host: Option<Authority<'_>>| {
        let bytes = bytes(text);
        let request = parsed(&bytes);
        assert_eq!((request.path(&bytes), request.authority(&bytes)), (path.as_bytes(), host), "{text}");
    };
    check("GET http://a HTTP/1.1|Host: a:80||", "/", Some(Authority { host: "a", port: None }));
    check("GET https://a:443/b HTTP/1.1|Host: a||", "/b", Some(Authority { host: "a", port: Some(443) }));
    check("CONNECT a:9 HTTP/1.1|Host: a||", "a:9", Some(Authority { host: "a", port: Some(9) }));
    check("OPTIONS * HTTP/1.1|Host: a||", "*", Some(Authority { host: "a", port: None }));
    check("GET / HTTP/1.0||", "/", None);
}

#[test]
fn connections_upgrades_and_expectations_are_told() {
    let check = |text: &str, persists, upgrade, waits| {
        let bytes = bytes(text);
        let request = parsed(&bytes);
        let found = (request.persists(), request.upgrade(), request.waits(&bytes));
        assert_eq!(found, (persists, upgrade, waits), "{text}");
    };
    check("GET / HTTP/1.1|Host: a||", true, false, false);
    check("GET / HTTP/1.1|Host: a|Connection: x|Connection: Close||", false, false, false);
    check("GET / HTTP/1.0|Host: a||", false, false, false);
    check("GET / HTTP/1.0|Host: a|Connection: Keep-Alive||", true, false, false);
    check("GET / HTTP/1.1|Host: a|Connection: upgrade|Upgrade: websocket||", true, true, false);
    check("GET / HTTP/1.1|Host: a|Connection: upgrade||", true, false, false);
    check("GET / HTTP/1.1|Host: a|Connection: upgrade|Upgrade: ,||", true, false, false);
    check("GET / HTTP/1.1|Host: a|Connection: upgrade|Upgrade: a, H2C||", true, false, false);
    check("GET / HTTP/1.1|Host: a|Connection: upgrade|Upgrade: a|Upgrade: b||", true, false, false);
    check("GET / HTTP/1.0|Connection: upgrade, keep-alive|Upgrade: websocket||", true, false, false);
    check("GET / HTTP/1.1|Host: a|Connection: upgrade|Upgrade: a|Content-Length: 0||", true, false, false);
    check("PUT / HTTP/1.1|Host: a|Content-Length: 1|Expect: 100-Continue||", true, false, true);
    check("PUT / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Expect: 100-continue||", true, false, true);
    check("PUT / HTTP/1.1|Host: a|Content-Length: 0|Expect: 100-continue||", true, false, false);
    check("PUT / HTTP/1.0|Host: a|Content-Length: 1|Expect: 100-continue||", false, false, false);
}

#[test]
fn limits_have_their_status() {
    let limits = Limits { head_bytes: 100, headers: 3, target_bytes: 20, method_bytes: 5 };
    let check = |text: String, expected: Result<Parsed, u16>| {
        let found = Request::default().parse(&bytes(&text), 0, &limits);
        assert_eq!(found.map_err(|reject| reject.status), expected, "{text}");
    };
    let complete = |text: &str| check(text.to_owned(), Ok(Parsed::Complete(bytes(text).len())));
    complete("GET / HTTP/1.1|Host: a|B: 2|C: 3||");
    check("GET / HTTP/1.1|Host: a|B: 2|C: 3|D: 4||".into(), Err(431));
    complete(&format!("PATCH /{} HTTP/1.1|Host: a||", "x".repeat(19)));
    check(format!("GET /{} HTTP/1.1|Host: a||", "x".repeat(20)), Err(414));
    check("SEARCH / HTTP/1.1|Host: a||".into(), Err(501));
    complete(&format!("GET / HTTP/1.1|Host: a|X: {}||", "y".repeat(100 - 32)));
    check(format!("GET / HTTP/1.1|Host: a|X: {}||", "y".repeat(100 - 31)), Err(431));
    // Also before the head has ended.
    check(format!("GET / HTTP/1.1|Host: a|X: {}", "y".repeat(70)), Ok(Parsed::Incomplete));
    check(format!("GET / HTTP/1.1|Host: a|X: {}", "y".repeat(74)), Err(431));
    check("|".repeat(51), Err(400));
    let many = Limits { headers: usize::MAX, ..Limits::default() };
    let fields = |count| format!("GET / HTTP/1.1|Host: a|{}|", "X:|".repeat(count));
    assert!(Request::default().parse(&bytes(&fields(255)), 0, &many).is_ok());
    assert_eq!(
        Request::default().parse(&bytes(&fields(256)), 0, &many).map_err(|reject| reject.status),
        Err(431)
    );
}

#[test]
fn a_version_that_has_not_ended_is_no_fault_yet() {
    let check = |text: &str, expected: Result<Parsed, u16>| {
        let found = Request::default().parse(&bytes(text), 0, &Limits::default());
        assert_eq!(found.map_err(|reject| reject.status), expected, "{text}");
    };
    check("GET / HTTP/2", Ok(Parsed::Incomplete));
    check("GET / HTTP/2.", Ok(Parsed::Incomplete));
    check("GET / HTTP/2.0", Err(505));
    check("GET / HTTP/x", Err(400));
    check("GET / X", Err(400));
}

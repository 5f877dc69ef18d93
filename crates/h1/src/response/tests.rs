use super::{Asked, Response};
use crate::{Framing, Limits, Parsed, Verb};

/// `|` stands for CRLF.
fn parsed(text: &str, asked: Asked) -> Result<Response, u16> {
    let bytes = text.replace('|', "\r\n").into_bytes();
    let mut response = Response::default();
    let found = response.parse(&bytes, 0, &Limits::default(), asked).map_err(|reject| reject.status)?;
    assert!(matches!(found, Parsed::Complete(_)), "{text} is not complete");
    Ok(response)
}

#[test]
fn the_request_decides_the_framing_too() {
    let check = |text: &str, verb, framing, persists| {
        let response =
            parsed(text, Asked { verb, upgrade: false }).unwrap_or_else(|_| panic!("{text} is refused"));
        assert_eq!((response.head().framing(), response.persists()), (framing, persists), "{verb:?} {text}");
    };
    use Framing::{Chunked, Length, None, Tunnel, UntilClose};
    check("HTTP/1.1 200 OK|Content-Length: 5||", Verb::Get, Length(5), true);
    check("HTTP/1.1 200 OK|Content-Length: 5||", Verb::Head, None, true);
    check("HTTP/1.1 200 OK|Content-Length: 5||", Verb::Connect, Tunnel, false);
    check("HTTP/1.1 407 No|Content-Length: 5||", Verb::Connect, Length(5), true);
    check("HTTP/1.1 200 OK|Transfer-Encoding: chunked||", Verb::Other, Chunked, true);
    check("HTTP/1.1 200 OK|Transfer-Encoding: chunked||", Verb::Head, None, true);
    check("HTTP/1.1 200 OK|Transfer-Encoding: chunked|Connection: close||", Verb::Get, Chunked, false);
    check("HTTP/1.1 200 OK||", Verb::Get, UntilClose, false);
    check("HTTP/1.1 200 OK||", Verb::Head, None, true);
    check("HTTP/1.0 200 OK|Content-Length: 5||", Verb::Get, Length(5), false);
    check("HTTP/1.0 200 OK|Content-Length: 5|Connection: keep-alive||", Verb::Get, Length(5), true);
    check("HTTP/1.1 304 No|Content-Length: 5||", Verb::Get, None, true);
    check("HTTP/1.1 204 No||", Verb::Get, None, true);
    check("HTTP/1.1 204 No|Content-Length: 0||", Verb::Get, None, true);
}

#[test]
fn a_body_that_must_not_be_is_a_doubt() {
    for text in [
        "HTTP/1.1 204 No|Content-Length: 5||",
        "HTTP/1.1 204 No|Transfer-Encoding: chunked||",
        "HTTP/1.1 100 Go|Content-Length: 5||",
    ] {
        let response = parsed(text, Asked::default()).expect("it has no body all the same");
        assert_eq!((response.head().framing(), response.persists()), (Framing::None, false), "{text}");
    }
}

#[test]
fn only_an_upgrade_that_was_asked_for_switches() {
    let check = |text: &str, upgrade, expected: Result<Framing, u16>| {
        let found = parsed(text, Asked { verb: Verb::Get, upgrade });
        assert_eq!(found.map(|response| response.head().framing()), expected, "{text}");
    };
    let switch = "HTTP/1.1 101 Go|Connection: Upgrade|Upgrade: websocket||";
    check(switch, true, Ok(Framing::Tunnel));
    check(switch, false, Err(502));
    check("HTTP/1.1 101 Go|Upgrade: websocket||", true, Err(502));
    check("HTTP/1.1 101 Go|Connection: Upgrade||", true, Err(502));
}

#[test]
fn interim_responses_come_one_by_one() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200\r\n\r\nbody";
    let (mut response, mut at, mut found) = (Response::default(), 0, Vec::new());
    loop {
        match response.parse(&bytes[at..], 0, &Limits::default(), Asked::default()) {
            Ok(Parsed::Complete(end)) => {
                let reason = String::from_utf8_lossy(response.reason(&bytes[at..])).into_owned();
                found.push((response.status(), reason));
                at += end;
            }
            other => panic!("{other:?}"),
        }
        if !response.is_interim() {
            break;
        }
    }
    let expected = [(100, "Continue"), (103, "Early Hints"), (200, "")];
    assert_eq!(found, expected.map(|(status, reason)| (status, reason.to_owned())));
    assert_eq!(&bytes[at..], b"body");
}

#[test]
fn limits_are_the_servers_fault() {
    let limits = Limits { head_bytes: 60, headers: 2, ..Limits::default() };
    let check = |text: &str, expected: Result<(), u16>| {
        let bytes = text.replace('|', "\r\n").into_bytes();
        let found = Response::default().parse(&bytes, 0, &limits, Asked::default());
        assert_eq!(found.map(|_| ()).map_err(|reject| reject.status), expected, "{text}");
    };
    check("HTTP/1.1 200 OK|A: 1|B: 2||", Ok(()));
    check("HTTP/1.1 200 OK|A: 1|B: 2|C: 3||", Err(502));
    check(&format!("HTTP/1.1 200 OK|A: {}||", "x".repeat(50)), Err(502));
    check(&format!("HTTP/1.1 200 OK|A: {}", "x".repeat(50)), Err(502));
}

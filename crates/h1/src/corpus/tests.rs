use super::{Case, requests, responses};
use crate::{
    Asked, Body, Framing, Limits, Parsed, Reject, Request, Response, Side,
    forward::{self, Client, Onward, Scheme},
};

/// The verdict in the words of the corpus, from the framing and what became of the body.
fn verdict(head: Result<Framing, Reject>, side: Side, body: &[u8]) -> String {
    let framing = match head {
        Ok(framing) => framing,
        Err(reject) => return reject.status.to_string(),
    };
    match Body::new(framing, side).advance(body) {
        Err(_) => return "body".into(),
        Ok(step) if framing == Framing::Chunked => assert!(step.done, "the chunks of a case are all there"),
        Ok(_) => {}
    }
    match framing {
        Framing::None => "none".into(),
        Framing::Length(length) => format!("length {length}"),
        Framing::Chunked => "chunked".into(),
        Framing::UntilClose => "close".into(),
        Framing::Tunnel => "tunnel".into(),
    }
}

fn parse(bytes: &[u8]) -> Result<(Request, usize), Reject> {
    let mut request = Request::default();
    match request.parse(bytes, 0, &Limits::default())? {
        Parsed::Complete(end) => Ok((request, end)),
        Parsed::Incomplete => panic!("{} is not complete", bytes.escape_ascii()),
    }
}

fn onward(client: &Client) -> Onward<'_> {
    Onward { client, host: None, via: "navyd", upgrade: true, extra: b"" }
}

#[test]
fn requests_have_their_verdict() {
    let cases = requests();
    assert!(cases.len() >= 80, "only {} requests", cases.len());
    for Case { name, verdict: expected, bytes } in &cases {
        let parsed = parse(bytes);
        let end = parsed.as_ref().map_or(0, |(_, end)| *end);
        let found =
            verdict(parsed.map(|(request, _)| request.head().framing()), Side::Request, &bytes[end..]);
        assert_eq!(&found, expected, "{name}: {}", bytes.escape_ascii());
    }
    let names: std::collections::BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len(), "two requests have the same name");
}

#[test]
fn responses_have_their_verdict() {
    for Case { name, verdict: expected, bytes } in responses() {
        let mut response = Response::default();
        let (head, end) = match response.parse(&bytes, 0, &Limits::default(), Asked::default()) {
            Ok(Parsed::Complete(end)) => (Ok(response.head().framing()), end),
            Ok(Parsed::Incomplete) => panic!("{name} is not complete"),
            Err(reject) => (Err(reject), 0),
        };
        assert_eq!(
            verdict(head, Side::Response, &bytes[end..]),
            expected,
            "{name}: {}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn what_is_forwarded_says_the_same() {
    let client = Client::new([127, 0, 0, 1].into(), Scheme::Http);
    for Case { name, bytes, .. } in requests() {
        let Ok((request, _)) = parse(&bytes) else { continue };
        let mut out = Vec::new();
        forward::request(&bytes, &request, &onward(&client), &mut out);
        if request.authority(&bytes).is_none() {
            continue; // Without a Host there is none to send, and the next hop refuses the empty one.
        }
        let (again, end) =
            parse(&out).unwrap_or_else(|reject| panic!("{name}: forwarded, it is refused: {reject}"));
        assert_eq!(end, out.len(), "{name}");
        assert_eq!(again.method(&out), request.method(&bytes), "{name}");
        assert_eq!(again.path(&out), request.path(&bytes), "{name}");
        assert_eq!(again.head().framing(), request.head().framing(), "{name}");
        assert_eq!(again.upgrade(), request.upgrade(), "{name}");
        let mut twice = Vec::new();
        forward::request(&out, &again, &onward(&client), &mut twice);
        let (third, _) = parse(&twice).unwrap_or_else(|reject| panic!("{name}: forwarded twice: {reject}"));
        assert_eq!(forward::hops(&twice, third.head(), "navyd"), 2, "{name}");
    }
}

#[test]
fn every_split_gives_the_same_request() {
    let limits = Limits::default();
    for Case { name, bytes, .. } in requests() {
        let mut whole = Request::default();
        let expected = whole.parse(&bytes, 0, &limits);
        let mut split = Request::default();
        for at in 0..bytes.len() {
            match split.parse(&bytes[..at], 0, &limits) {
                // A refusal may come as soon as it is sure, and is the same one.
                Err(early) => assert_eq!(Err(early), expected, "{name}, split at {at}"),
                Ok(Parsed::Complete(end)) => {
                    assert_eq!(Ok(Parsed::Complete(end)), expected, "{name}, split at {at}");
                }
                Ok(Parsed::Incomplete) => {
                    assert_eq!(split.parse(&bytes, at, &limits), expected, "{name}, split at {at}");
                    assert!(expected.is_err() || split == whole, "{name}, split at {at}");
                }
            }
        }
    }
}

#[test]
fn every_split_gives_the_same_response() {
    let limits = Limits::default();
    for Case { name, bytes, .. } in responses() {
        let mut whole = Response::default();
        let expected = whole.parse(&bytes, 0, &limits, Asked::default());
        let mut split = Response::default();
        for at in 0..bytes.len() {
            match split.parse(&bytes[..at], 0, &limits, Asked::default()) {
                Ok(Parsed::Incomplete) => {
                    let found = split.parse(&bytes, at, &limits, Asked::default());
                    assert_eq!(found, expected, "{name}, split at {at}");
                }
                early => assert_eq!(early, expected, "{name}, split at {at}"),
            }
        }
    }
}

#[test]
fn single_bytes_give_the_same_request() {
    for Case { name, bytes, .. } in requests() {
        let mut request = Request::default();
        let expected = request.parse(&bytes, 0, &Limits::default());
        let mut found = Ok(Parsed::Incomplete);
        for end in 1..=bytes.len() {
            found = request.parse(&bytes[..end], end - 1, &Limits::default());
            if found != Ok(Parsed::Incomplete) {
                break;
            }
        }
        assert_eq!(found, expected, "{name}");
    }
}

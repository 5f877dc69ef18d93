use navyd_model::exchange::{
    Body, Exchange, Hit, Interim, Message, Outcome, Party, Piece, Protocol, Side, Summary,
};

use super::*;

fn fields(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn raw(request_body: &[u8]) -> Raw {
    let party = |address: &str| Party { address: Some(address.parse().unwrap()), ..Party::default() };
    Raw {
        exchange: Exchange {
            summary: Summary {
                id: 12,
                protocol: Protocol::Http,
                route: "shop.localhost".to_owned(),
                started: "2026-11-21T10:00:00Z".parse().unwrap(),
                wait_ms: Some(20.0),
                took_ms: Some(25.0),
                client: party("127.0.0.1:40000"),
                server: party("[::1]:3000"),
                method: "POST".to_owned(),
                target: "http://shop.localhost:62893/pay?a=1&b".to_owned(),
                status: Some(201),
                outcome: Outcome::Complete,
                error: None,
                sent: 100,
                received: 100,
                lost: 0,
                faults: Vec::new(),
                caused_by: None,
            },
            request: Message {
                line: Some("POST /pay?a=1&b HTTP/1.1".to_owned()),
                headers: fields(&[("Host", "shop.localhost:62893"), ("X-Empty", ""), ("X-Quote", "it's")]),
                body: Some(Body { size: request_body.len() as u64, ..Body::default() }),
                ..Message::default()
            },
            response: Some(Message {
                line: Some("HTTP/1.1 201 Created".to_owned()),
                headers: fields(&[("Set-Cookie", "id=7; Path=/"), ("Content-Type", "text/plain")]),
                body: Some(Body { size: 2, text: Some("ok".to_owned()), ..Body::default() }),
                ..Message::default()
            }),
            pieces: Vec::new(),
            details: serde_json::Value::Null,
            hits: Vec::new(),
            caused: Vec::new(),
            maybe_caused: Vec::new(),
            maybe_caused_by: Vec::new(),
        },
        request: request_body.to_owned(),
        response: b"ok".to_vec(),
    }
}

/// Exchanges of every shape that HAR has a place for.
pub(crate) fn samples() -> Vec<Raw> {
    let mut encoded = raw(b"text");
    encoded.exchange.response.as_mut().unwrap().headers.push(("Content-Encoding".into(), "br".into()));
    let body = encoded.exchange.response.as_mut().unwrap().body.as_mut().unwrap();
    (body.decoded, body.note) = (vec!["br".to_owned()], Some("cut".to_owned()));
    (encoded.response, body.size) = (vec![0x0b, 0xff, 0x03], 3);

    let mut cut = raw(b"\xff\x00");
    cut.exchange.request.body.as_mut().unwrap().size = 9;
    cut.exchange.response.as_mut().unwrap().trailers = fields(&[("X-Sum", "1")]);
    let interim =
        Interim { line: "HTTP/1.1 103 Early Hints".to_owned(), headers: fields(&[("Link", "</x>")]) };
    cut.exchange.response.as_mut().unwrap().interim = vec![interim];

    let mut failed = raw(b"");
    (failed.exchange.response, failed.response) = (None, Vec::new());
    let summary = &mut failed.exchange.summary;
    (summary.status, summary.outcome, summary.lost) = (None, Outcome::Fault, 7);
    (summary.wait_ms, summary.took_ms, summary.error) = (None, Some(0.1234567), Some("reset".to_owned()));
    failed.exchange.request.body = None;
    failed.exchange.hits = vec![Hit {
        fault: "cut".to_owned(),
        kind: "reset".to_owned(),
        from: Some(Side::Server),
        asked: "reset".to_owned(),
        delivered: "reset".to_owned(),
    }];

    let mut socket = raw(b"");
    socket.exchange.summary.protocol = Protocol::Websocket;
    socket.exchange.request.line = Some("GET /ws HTTP/1.1".to_owned());
    let piece = |from, kind: &str, text: Option<&str>, base64: Option<&str>| Piece {
        at_ms: 1.2345,
        from,
        kind: kind.to_owned(),
        size: 2,
        text: text.map(str::to_owned),
        base64: base64.map(str::to_owned),
    };
    socket.exchange.pieces = vec![
        piece(Side::Client, "text", Some("hi"), None),
        piece(Side::Server, "binary", None, Some("AAE=")),
        piece(Side::Server, "close", Some(""), None),
    ];
    vec![raw(b"a=1"), encoded, cut, failed, socket]
}

fn written(format: &str, raw: &Raw) -> Vec<u8> {
    let mut out = Vec::new();
    (Format::of(format).unwrap().write)(std::slice::from_ref(raw), &mut out).unwrap();
    out
}

#[test]
fn curl_says_all_that_was_sent_and_nothing_more() {
    let text = String::from_utf8(written("curl", &raw(b"a='1'"))).unwrap();
    for part in [
        "-X POST",
        "-H 'Host: shop.localhost:62893'",
        "-H 'X-Empty;'",
        r"-H 'X-Quote: it'\''s'",
        "-H 'User-Agent:'",
        "-H 'Accept:'",
        "-H 'Content-Type:'",
        r"--data-raw 'a='\''1'\'''",
        "'http://shop.localhost:62893/pay?a=1&b'",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = String::from_utf8(written("curl", &raw(&[0, 255]))).unwrap();
    assert!(text.starts_with(r"printf '\000\377' | curl "), "{text}");
    let mut cut = raw(b"x");
    cut.exchange.request.body.as_mut().unwrap().size = 9;
    assert!(written("curl", &cut).starts_with(b"# the body was not kept whole"));
}

#[test]
fn har_has_what_its_readers_need() {
    let har: serde_json::Value = serde_json::from_slice(&written("har", &raw(b"\xff"))).unwrap();
    let entry = &har["log"]["entries"][0];
    for (pointer, expected) in [
        ("/request/method", "POST"),
        ("/request/queryString/1/name", "b"),
        ("/request/postData/text", "/w=="),
        ("/response/statusText", "Created"),
        ("/response/cookies/0/value", "7"),
        ("/response/redirectURL", ""),
        ("/response/content/text", "ok"),
        ("/serverIPAddress", "::1"),
        ("/connection", "40000"),
    ] {
        assert_eq!(entry.pointer(pointer).unwrap(), expected, "{pointer}");
    }
    assert_eq!(entry["timings"], serde_json::json!({"send": 0, "wait": 20.0, "receive": 5.0}));
}

#[test]
fn hurl_escapes_what_would_mean_something() {
    let mut raw = raw(b"\xff");
    raw.exchange.request.headers.push(("X-Template".to_owned(), "{{a}} # b".to_owned()));
    let text = String::from_utf8(written("hurl", &raw)).unwrap();
    for part in [
        "POST http://shop.localhost:62893/pay?a=1&b\n",
        "X-Template: \\u{7b}\\u{7b}a\\u{7d}\\u{7d} \\u{23} b\n",
        "base64,/w==;\n",
        "HTTP 201\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn pcapng_is_blocks_that_end_as_they_begin() {
    let bytes = written("pcapng", &raw(&vec![7; 100_000]));
    let (mut rest, mut kinds) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let length = word(4) as usize;
        assert!(length.is_multiple_of(4) && word(length - 4) as usize == length);
        kinds.push(word(0));
        rest = &rest[length..];
    }
    // Three to begin, the request in two, the response, three to end; each answered once.
    assert_eq!(kinds, [vec![0x0A0D_0D0A, 1], vec![6; 3 + 2 + 1 + 1 + 1 + 3]].concat());
}

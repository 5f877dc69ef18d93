//! Stories of flows, and what is told of them.

use navyd_gateway::tap::{Mark, What};
use navyd_model::exchange::{Hit, Side};
use serde_json::json;

use super::*;
use crate::capture::tests::Script;

const ASK: &str = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

fn assembled(script: &mut Script) -> Vec<Record> {
    let mut assembler = Assembler::new(1, false, |_, _| None);
    let mut out = Vec::new();
    assembler.take(&script.take(), &mut out);
    assembler.finish(script.at, &mut out);
    out
}

fn http(script: &mut Script) -> &mut Script {
    script.begin(1, Plane::Http { h2: false }).reached(1).bytes(1, Side::Client, Mark::Head, ASK)
}

#[test]
fn a_request_that_is_sent_again_has_the_second_answer() {
    let mut script = Script::new();
    http(&mut script);
    script.bytes(1, Side::Server, Mark::Head, "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n");
    script.bytes(1, Side::Server, Mark::Body, "no").reached(1);
    script.bytes(1, Side::Server, Mark::Head, "HTTP/1.1 200 Yes\r\nContent-Length: 3\r\n\r\n");
    script.bytes(1, Side::Server, Mark::Body, "yes").what(1, What::End(Outcome::Complete));
    let record = &assembled(&mut script)[0];
    assert_eq!(record.status, Some(200));
    assert_eq!(record.response_body.as_ref().unwrap().front, b"yes");
    assert_eq!(record.received, 42);
}

#[test]
fn an_answer_of_the_gateway_is_read_however_it_is_cut() {
    let page = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\npage";
    for portion in [1, 7, 1000] {
        let mut script = Script::new();
        script.begin(1, Plane::Http { h2: false }).bytes(1, Side::Client, Mark::Head, ASK);
        for part in page.as_bytes().chunks(portion) {
            script.bytes(1, Side::Server, Mark::Own, part);
        }
        let record = &assembled(script.what(1, What::End(Outcome::Unreached)))[0];
        assert_eq!((record.status, record.outcome), (Some(502), Outcome::Unreached), "{portion}");
        assert_eq!(record.response_body.as_ref().unwrap().front, b"page", "{portion}");
        assert!(record.server.is_none());
    }
}

#[test]
fn gaps_are_counted_and_bodies_go_on_behind_them_where_they_can() {
    for (framing, before, lost, after, front, back, missing) in [
        ("Content-Length: 8", "abc", 2, "def", "abc", "def", 2),
        ("Transfer-Encoding: chunked", "8\r\nabc", 2, "def\r\n0\r\n\r\n", "abc", "def", 2),
        // The gap reaches over the end of a chunk: nothing behind it can be told from chunks.
        ("Transfer-Encoding: chunked", "4\r\nabc", 9, "x\r\n0\r\n\r\n", "abc", "", 17),
    ] {
        let mut script = Script::new();
        http(&mut script);
        script.bytes(1, Side::Server, Mark::Head, format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n"));
        script.bytes(1, Side::Server, Mark::Body, before);
        script.what(1, What::Lost { from: Side::Server, count: lost });
        script.bytes(1, Side::Server, Mark::Body, after).what(1, What::End(Outcome::Complete));
        let record = &assembled(&mut script)[0];
        let body = record.response_body.as_ref().unwrap();
        assert_eq!(
            (body.front.as_slice(), body.back.as_slice()),
            (front.as_bytes(), back.as_bytes()),
            "{framing}"
        );
        assert!(body.state.torn && body.digest.is_none(), "{framing}");
        assert_eq!(record.lost, missing, "{framing}");
    }
}

#[test]
fn frames_of_websocket_are_told_without_secrets() {
    let mut script = Script::new();
    let ask = "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    script.begin(1, Plane::Http { h2: false }).reached(1).bytes(1, Side::Client, Mark::Head, ask);
    script.bytes(1, Side::Server, Mark::Head, answer).what(1, What::Upgraded);
    script.bytes(1, Side::Server, Mark::Stream, [&[0x81, 17], br#"{"password":"pw"}"#.as_slice()].concat());
    let record = &assembled(script.what(1, What::End(Outcome::Complete)))[0];
    assert_eq!((record.protocol, record.status), (Protocol::Websocket, Some(101)));
    let pieces = &record.more.as_ref().unwrap().pieces;
    assert_eq!(pieces[0].text.as_deref(), Some(r#"{"password":"[redacted]"}"#));
    assert!(record.stream.is_none());
}

#[test]
fn another_upgrade_stays_a_stream() {
    let mut script = Script::new();
    let ask = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n";
    script.begin(1, Plane::Http { h2: false }).reached(1).bytes(1, Side::Client, Mark::Head, ask);
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n";
    script.bytes(1, Side::Server, Mark::Head, answer).what(1, What::Upgraded);
    script.bytes(1, Side::Client, Mark::Stream, "hello");
    let record = &assembled(script.what(1, What::End(Outcome::ClientLeft)))[0];
    assert_eq!(record.protocol, Protocol::Http);
    assert_eq!(stream::Chunk::read(&record.stream.as_ref().unwrap().front)[0].bytes, b"hello");
}

#[test]
fn grpc_has_the_status_of_its_trailers() {
    let mut script = Script::new();
    let ask = "POST /shop.Cart/Add HTTP/1.1\r\nHost: h\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n";
    script.begin(1, Plane::Http { h2: true }).reached(1).bytes(1, Side::Client, Mark::Head, ask);
    script.bytes(1, Side::Client, Mark::Body, b"7\r\n\0\0\0\0\x02\x08\x01\r\n0\r\n\r\n");
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n";
    script.bytes(1, Side::Server, Mark::Head, answer);
    script.bytes(1, Side::Server, Mark::Body, "0\r\ngrpc-status: 5\r\ngrpc-message: no cart\r\n\r\n");
    let record = &assembled(script.what(1, What::End(Outcome::Complete)))[0];
    assert_eq!((record.protocol, record.status), (Protocol::Grpc, Some(5)));
    assert_eq!(record.error.as_deref(), Some("no cart"));
    assert_eq!(record.request_body.as_ref().unwrap().front, b"\0\0\0\0\x02\x08\x01");
}

#[test]
fn grpc_that_fails_at_once_has_the_status_of_its_head() {
    let mut script = Script::new();
    let ask = "POST /shop.Cart/Add HTTP/1.1\r\nHost: h\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n";
    script.begin(1, Plane::Http { h2: true }).reached(1).bytes(1, Side::Client, Mark::Head, ask);
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\ngrpc-status: 5\r\n\
        grpc-message: no %C3%BC cart\r\nContent-Length: 0\r\n\r\n";
    script.bytes(1, Side::Server, Mark::Head, answer).what(1, What::End(Outcome::Complete));
    let record = &assembled(&mut script)[0];
    assert_eq!((record.status, record.error.as_deref()), (Some(5), Some("no ü cart")));
}

#[test]
fn a_flow_that_nobody_ends_stays_open() {
    let mut script = Script::new();
    let record = &assembled(http(&mut script))[0];
    assert_eq!((record.outcome, record.took, record.status), (Outcome::Open, None, None));
}

#[test]
fn events_of_unknown_flows_and_ranges_that_are_none_do_no_harm() {
    let mut script = Script::new();
    script
        .bytes(9, Side::Client, Mark::Body, "x")
        .what(9, What::End(Outcome::Complete))
        .what(8, What::Upgraded);
    script.begin(1, Plane::Http { h2: false });
    script.what(1, What::Bytes { from: Side::Client, mark: Mark::Head, range: 5..u32::MAX });
    script.what(1, What::Lost { from: Side::Server, count: u64::MAX });
    script.what(1, What::Lost { from: Side::Client, count: 1 });
    assert_eq!(assembled(&mut script).len(), 1);
}

/// Says each portion again.
struct Echo;

impl Decoder for Echo {
    fn bytes(&mut self, from: Side, at: i64, bytes: &[u8], out: &mut Vec<Spoken>) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        out.push(Spoken {
            protocol: Protocol::Redis,
            started: at,
            answered: Some(at + 5),
            ended: Some(at + 10),
            extent: Extent::Known,
            method: "AUTH".into(),
            target: text.clone(),
            error: None,
            sent: if from == Side::Client { bytes.len() as u64 } else { 0 },
            received: 0,
            details: json!({"arguments": [text]}),
            pieces: Vec::new(),
        });
    }

    fn gap(&mut self, _: Side, _: i64, _: u64, _: &mut Vec<Spoken>) {}

    fn end(&mut self, at: i64, out: &mut Vec<Spoken>) {
        self.bytes(Side::Server, at, b"bye", out);
    }
}

#[test]
fn what_decoders_tell_are_exchanges_of_their_own() {
    let mut assembler = Assembler::new(7, false, |_, _| Some(Box::new(Echo)));
    assembler.read_as("shop.localhost", Some(Protocol::Redis));
    let (mut script, mut out) = (Script::new(), Vec::new());
    script.begin(1, Plane::Tcp).reached(1).bytes(1, Side::Client, Mark::Stream, "hunter2");
    let hit = Hit {
        fault: "slow".into(),
        kind: "latency".into(),
        from: None,
        asked: String::new(),
        delivered: String::new(),
    };
    script.what(1, What::Hit(Box::new(hit))).what(1, What::End(Outcome::Complete));
    assembler.take(&script.take(), &mut out);
    assert_eq!(out.iter().map(|record| record.id).collect::<Vec<_>>(), [8, 9]);
    let summary = out[0].summary();
    assert_eq!((summary.protocol, summary.method.as_str()), (Protocol::Redis, "AUTH"));
    assert_eq!((summary.target.as_str(), summary.sent), ("[redacted]", 7));
    assert!(!format!("{out:?}").contains("hunter2"));
    assert_eq!(out[1].summary().faults, ["slow"]);
}

/// Asks once, and is encrypted from the second portion of the client on.
struct Veiled(u8);

impl Decoder for Veiled {
    fn bytes(&mut self, from: Side, at: i64, bytes: &[u8], out: &mut Vec<Spoken>) {
        self.0 += 1;
        let (before, told) = (out.len(), self.0);
        Echo.bytes(from, at, bytes, out);
        let last = out[before..].last_mut().unwrap();
        if told == 2 {
            (last.method, last.target) = ("tls".into(), "encrypted".into());
            (last.answered, last.ended, last.extent) = (None, None, Extent::Rest);
        }
    }

    fn gap(&mut self, _: Side, _: i64, _: u64, _: &mut Vec<Spoken>) {}

    fn end(&mut self, _: i64, _: &mut Vec<Spoken>) {
        panic!("it was done before");
    }
}

#[test]
fn the_rest_of_a_connection_is_one_exchange_with_all_that_passes() {
    let mut assembler = Assembler::new(1, false, |_, _| Some(Box::new(Veiled(0))));
    assembler.read_as("shop.localhost", Some(Protocol::Postgres));
    let (mut script, mut out) = (Script::new(), Vec::new());
    script.begin(1, Plane::Tcp).reached(1).bytes(1, Side::Client, Mark::Stream, "four");
    script.bytes(1, Side::Client, Mark::Stream, "secret");
    assembler.take(&script.take(), &mut out);
    // It is told when it begins, and stands among those that go on.
    let told = |record: &Record| {
        let summary = record.summary();
        (summary.id, summary.method, summary.outcome, summary.sent, summary.received)
    };
    let begun = (1, "tls".to_owned(), Outcome::Open, 6, 0);
    assert_eq!(out.iter().map(told).collect::<Vec<_>>()[1..], [begun]);
    script.bytes(1, Side::Server, Mark::Stream, "answers").bytes(1, Side::Client, Mark::Stream, "more");
    script.what(1, What::Lost { from: Side::Server, count: 100 });
    assembler.take(&script.take(), &mut out);
    let stands: Vec<_> = assembler.open().map(|record| told(&record)).collect();
    assert_eq!(stands, [(1, "tls".to_owned(), Outcome::Open, 10, 107)]);
    script.what(1, What::End(Outcome::ClientLeft));
    assembler.take(&script.take(), &mut out);
    assert_eq!(told(&out[2]), (1, "tls".to_owned(), Outcome::Unknown, 10, 107));
    // Nothing of it is kept, so nothing was lost.
    assert_eq!((out.len(), out[2].lost, out[2].request_body.is_none()), (3, 0, true));
}

/// Asks, and is never answered; at a gap it is not known whether.
struct Asking(Extent);

impl Decoder for Asking {
    fn bytes(&mut self, from: Side, at: i64, bytes: &[u8], out: &mut Vec<Spoken>) {
        Echo.bytes(from, at, bytes, out);
        let last = out.last_mut().unwrap();
        (last.ended, last.extent) = (None, self.0);
    }

    fn gap(&mut self, _: Side, _: i64, _: u64, _: &mut Vec<Spoken>) {}

    fn end(&mut self, at: i64, out: &mut Vec<Spoken>) {
        self.bytes(Side::Client, at, b"asked", out);
    }
}

#[test]
fn what_was_not_answered_ended_as_its_connection_did_if_that_is_known() {
    let known: Decoders = |_, _| Some(Box::new(Asking(Extent::Known)));
    let unknown: Decoders = |_, _| Some(Box::new(Asking(Extent::Unknown)));
    for (decoders, ended, expected) in [
        (known, Outcome::Complete, Outcome::ServerLeft),
        (known, Outcome::ServerLeft, Outcome::ServerLeft),
        (known, Outcome::ClientLeft, Outcome::ClientLeft),
        (known, Outcome::Fault, Outcome::Fault),
        (unknown, Outcome::ServerLeft, Outcome::Unknown),
    ] {
        let mut assembler = Assembler::new(1, false, decoders);
        assembler.read_as("shop.localhost", Some(Protocol::Redis));
        let (mut script, mut out) = (Script::new(), Vec::new());
        script.begin(1, Plane::Tcp).reached(1).what(1, What::End(ended));
        assembler.take(&script.take(), &mut out);
        assert_eq!(out[0].outcome, expected, "{ended:?}");
    }
}

#[test]
fn what_was_lost_of_a_connection_is_told_by_one_of_its_exchanges() {
    let mut assembler = Assembler::new(1, false, |_, _| Some(Box::new(Echo)));
    assembler.read_as("shop.localhost", Some(Protocol::Redis));
    let (mut script, mut out) = (Script::new(), Vec::new());
    script.begin(1, Plane::Tcp).reached(1).bytes(1, Side::Client, Mark::Stream, "a");
    for count in [3, 4] {
        script.what(1, What::Lost { from: Side::Client, count });
    }
    script.bytes(1, Side::Client, Mark::Stream, "b").bytes(1, Side::Client, Mark::Stream, "c");
    script.what(1, What::Lost { from: Side::Server, count: 5 }).what(1, What::End(Outcome::Complete));
    assembler.take(&script.take(), &mut out);
    assert_eq!(out.iter().map(|record| record.lost).collect::<Vec<_>>(), [0, 7, 0, 5]);
}

//! Faults of exchanges of HTTP: other answers, headers and bodies, and which requests they are for.

use std::{
    io::{BufReader, Read as _, Write as _},
    net::SocketAddr,
    time::{Duration, Instant},
};

use navyd_model::fault::{Direction, Fault};
use serde_json::json;

use super::{Stage, fault, upstream};

/// An upstream that says back the head of every request, in chunks.
fn mirror() -> SocketAddr {
    upstream(|stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        loop {
            let head = head(&mut reader);
            if head.is_empty() {
                return;
            }
            let answer = format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Own: 1\r\n\r\n{:x}\r\n{head}\r\n0\r\n\r\n",
                head.len()
            );
            if writer.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    })
}

fn head(reader: &mut impl std::io::BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return String::new();
        }
    }
    head
}

/// What comes back for a request with this first line, on a connection of its own; `|` stands for CRLF.
fn ask(stage: &Stage, line: &str) -> String {
    let mut stream = stage.connect();
    let request = format!("{line}\r\nHost: a\r\nX-Secret: 7\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A connection that is cut ends with an error; what came before counts.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap().replace("\r\n", "|")
}

#[test]
fn only_the_requests_that_are_meant_are_answered_instead() {
    let status = fault("status", json!({"status": 402, "body": "no money"}), Direction::Down);
    let status = Fault { filter: Some("method:POST path:/pay".to_owned()), ..status };
    let stage = Stage::to("http", mirror(), vec![status]);
    let answer = ask(&stage, "POST /pay HTTP/1.1");
    assert!(answer.starts_with("HTTP/1.1 402 Payment Required|"), "{answer}");
    assert!(answer.contains("|Content-Length: 8|") && answer.ends_with("||no money"), "{answer}");
    for other in ["GET /pay HTTP/1.1", "POST /other HTTP/1.1"] {
        assert!(ask(&stage, other).starts_with("HTTP/1.1 200 OK|"), "{other}");
    }
    assert!(ask(&stage, "HEAD /pay HTTP/1.1").starts_with("HTTP/1.1 200 OK|"));
    let chosen: Vec<_> =
        stage.gateway.fault_log().into_iter().map(|one| (one.connection, one.chosen)).collect();
    assert_eq!(chosen, [(0, "402".to_owned())]);
}

#[test]
fn only_the_requests_that_are_meant_are_rewritten() {
    let meant = |kind, attributes, direction| Fault {
        filter: Some("path:/pay header.x-secret:7".to_owned()),
        ..fault(kind, attributes, direction)
    };
    let stage = Stage::to(
        "http",
        mirror(),
        vec![
            meant("header", json!({"name": "X-New", "value": "2"}), Direction::Up),
            meant("header", json!({"name": "X-Own", "remove": true}), Direction::Down),
        ],
    );
    let (pay, other) = (ask(&stage, "GET /pay HTTP/1.1"), ask(&stage, "GET /other HTTP/1.1"));
    assert!(pay.contains("|X-New: 2|") && !pay.contains("|X-Own: 1|"), "{pay}");
    assert!(!other.contains("|X-New: 2|") && other.contains("|X-Own: 1|"), "{other}");
    let stage = Stage::to("http", mirror(), vec![meant("body", json!({"text": "other"}), Direction::Down)]);
    assert!(ask(&stage, "GET /pay HTTP/1.1").ends_with("||other"));
    assert!(ask(&stage, "GET /other HTTP/1.1").contains("GET /other HTTP/1.1|"));
}

#[test]
fn a_connection_stays_behind_an_answer_of_a_fault() {
    let stage = Stage::to("http", mirror(), vec![fault("status", json!({"status": 204}), Direction::Down)]);
    let mut stream = BufReader::new(stage.connect());
    for _ in 0..2 {
        stream.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(head(&mut stream), "HTTP/1.1 204 No Content\r\n\r\n");
    }
}

#[test]
fn headers_are_set_and_taken_away_on_either_side() {
    let named = |name: &str, fault: Fault| Fault { name: name.to_owned(), ..fault };
    let stage = Stage::to(
        "http",
        mirror(),
        vec![
            named("one", fault("header", json!({"name": "x-secret", "remove": true}), Direction::Up)),
            named("two", fault("header", json!({"name": "X-Up", "value": "a b"}), Direction::Up)),
            named("three", fault("header", json!({"name": "X-Own", "value": "2"}), Direction::Down)),
        ],
    );
    let answer = ask(&stage, "GET / HTTP/1.1");
    let (response, request) = answer.split_once("||").unwrap();
    assert!(response.contains("|X-Own: 2") && !response.contains("X-Own: 1"), "{answer}");
    assert!(request.contains("|X-Up: a b|") && !request.contains("X-Secret"), "{answer}");
}

#[test]
fn a_body_takes_the_place_of_another() {
    let stage = Stage::to("http", mirror(), vec![fault("body", json!({"text": "{}"}), Direction::Down)]);
    let answer = ask(&stage, "GET / HTTP/1.1");
    let (head, body) = answer.split_once("||").unwrap();
    assert_eq!(body, "{}");
    assert!(head.contains("|Content-Length: 2") && !head.contains("chunked"), "{answer}");
    // A head alone stays alone.
    assert!(ask(&stage, "HEAD / HTTP/1.1").ends_with("||"));
}

#[test]
fn a_response_breaks_off() {
    for (after, begin) in [(0, ""), (80, "HTTP/1.1 200 OK|")] {
        let abort = fault("abort", json!({"after": after}), Direction::Down);
        let stage = Stage::to("http", mirror(), vec![abort]);
        let answer = ask(&stage, "GET / HTTP/1.1");
        assert!(answer.starts_with(begin) && !answer.ends_with("|0||"), "{after}: {answer}");
        assert_eq!(answer.is_empty(), after == 0);
    }
}

#[test]
fn a_body_dribbles_behind_its_head() {
    let dribble = fault("dribble", json!({"size": 40, "delay": 20}), Direction::Down);
    let stage = Stage::to("http", mirror(), vec![dribble]);
    let start = Instant::now();
    let mut stream = BufReader::new(stage.connect());
    stream.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    assert!(head(&mut stream).starts_with("HTTP/1.1 200 OK\r\n"));
    let mut body = String::new();
    stream.read_to_string(&mut body).unwrap();
    assert!(body.ends_with("0\r\n\r\n"));
    let pieces = u32::try_from(body.len() / 40).unwrap();
    assert!(pieces > 2 && start.elapsed() >= Duration::from_millis(20) * pieces, "{:?}", start.elapsed());
}

#[test]
fn a_stream_fault_with_a_filter_hits_what_it_means() {
    let reset = Fault { filter: Some("path:/down".to_owned()), ..fault("reset", json!({}), Direction::Down) };
    let stage = Stage::to("http", mirror(), vec![reset]);
    assert!(ask(&stage, "GET /up HTTP/1.1").starts_with("HTTP/1.1 200 OK|"));
    assert_eq!(ask(&stage, "GET /down HTTP/1.1"), "");
}

#[test]
fn what_is_on_its_way_is_hit_by_faults_that_come_and_loses_nothing() {
    const LENGTH: usize = 64 << 20;
    let large = upstream(|mut stream| {
        head(&mut BufReader::new(stream.try_clone().unwrap()));
        let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n").as_bytes());
        let block: Vec<u8> = (0..=250u8).cycle().take(251 * 256).collect();
        let mut left = LENGTH;
        while left > 0 {
            let count = left.min(block.len());
            if stream.write_all(&block[..count]).is_err() {
                return;
            }
            left -= count;
        }
        let _ = stream.read(&mut [0]);
    });
    let stage = Stage::to("http", large, Vec::new());
    let mut stream = BufReader::new(stage.connect());
    stream.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert!(head(&mut stream).contains(&format!("Content-Length: {LENGTH}")));
    let late = || fault("latency", json!({"latency": 5}), Direction::Down);
    let mut buffer = vec![0; 1 << 16];
    let mut received = 0;
    let mut take = |most: usize| {
        let mut left = most;
        while left > 0 {
            let count = buffer.len().min(left);
            let count = stream.read(&mut buffer[..count]).unwrap();
            assert!(count > 0, "ended behind {received}");
            let right = (received..).zip(&buffer[..count]).all(|(at, byte)| (at % 251) as u8 == *byte);
            assert!(right, "wrong bytes behind {received}");
            received += count;
            left -= count;
        }
    };
    take(8 << 20);
    stage.lay(vec![late()]);
    take(8 << 20);
    assert_eq!(stage.gateway.fault_log().len(), 1);
    stage.lay(Vec::new());
    take(8 << 20);
    stage.lay(vec![late()]);
    take(LENGTH - (24 << 20));
    // Nobody reads this one, so it is still on its way when it is reset.
    stream.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    stage.lay(vec![fault("reset", json!({}), Direction::Down)]);
    let ended = std::io::copy(&mut stream, &mut std::io::sink()).unwrap_err().kind();
    assert_eq!(ended, std::io::ErrorKind::ConnectionReset);
}

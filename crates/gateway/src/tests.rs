//! The gateway with limits so short that a test need not wait for them, and with what only a hub does to it.

mod attacks;
mod breaks;
mod changes;
mod faults;
mod long;
mod repeats;
mod services;
mod told;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use jiff::Timestamp;
use navyd_model::Route;

use crate::{
    Gateway, Limits, Plan, Routed,
    tls::{Authority, Certificates},
};

const SHORT: Duration = Duration::from_millis(50);

/// A gateway with one route to this address; and where the route begins.
fn gateway(upstream: SocketAddr, limits: Limits) -> (Gateway, SocketAddr) {
    let gateway = with(vec![routed(&format!("127.0.0.1:0=http://{upstream}"))], limits, 1);
    let route = begin(&gateway.routes()[0]);
    (gateway, route)
}

/// A gateway with these routes and so many workers.
fn with(routes: Vec<Routed>, limits: Limits, workers: usize) -> Gateway {
    let listen = vec![([127, 0, 0, 1], 0).into()];
    let authority = Authority::create(Timestamp::now()).unwrap();
    let tls = Some(Arc::new(Certificates::new(authority, Timestamp::now)));
    Gateway::start(Plan { listen, handed: Vec::new(), routes, workers, limits, home: None, tls, tap: None })
        .unwrap()
}

/// The route that is typed so.
fn routed(typed: &str) -> Routed {
    Routed::from(typed.parse::<Route>().unwrap())
}

/// The address at which a route begins.
fn begin(route: &Route) -> SocketAddr {
    route.entry.to_string().parse().unwrap()
}

/// Waits until this is so.
fn until(mut so: impl FnMut() -> bool) {
    while !so() {
        thread::yield_now();
    }
}

/// An upstream that accepts and says this, and then nothing until its client leaves.
fn saying(text: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1024]);
                stream.write_all(text.as_bytes()).unwrap();
                while stream.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {}
            });
        }
    });
    address
}

/// Sends this and reads to the end of the connection.
fn ask(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A connection that is cut ends with an error; what came before counts.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_silent_upstream_is_504() {
    let (_gateway, route) = gateway(saying(""), Limits { response: SHORT, ..Limits::default() });
    let answer = ask(route, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"), "{answer}");
}

#[test]
fn a_head_that_does_not_end_is_408() {
    let (_gateway, route) = gateway(saying(""), Limits { head_time: SHORT, ..Limits::default() });
    let answer = ask(route, "GET / HTTP/1.1\r\nHost");
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
}

#[test]
fn a_handshake_that_does_not_end_is_closed_without_a_word() {
    let (_gateway, route) = gateway(saying(""), Limits { head_time: SHORT, ..Limits::default() });
    let hello = "\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03";
    assert_eq!(ask(route, hello), "");
    assert_eq!(ask(route, &hello[..2]), "");
}

#[test]
fn a_client_without_a_request_is_closed_without_a_word() {
    let (_gateway, route) = gateway(saying(""), Limits { idle: SHORT, ..Limits::default() });
    assert_eq!(ask(route, ""), "");
}

#[test]
fn an_idle_client_of_http2_cannot_stay_by_not_answering() {
    let limits = Limits { idle: SHORT, linger: SHORT, ..Limits::default() };
    let (_gateway, route) = gateway(saying(""), limits);
    let mut stream = TcpStream::connect(route).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The preface and empty SETTINGS. The PING that comes with the end is never answered.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let ended = stream.read_to_end(&mut Vec::new());
    let waited = ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    assert!(!waited, "the connection is still there");
}

#[test]
fn a_response_that_a_client_of_http2_gives_no_credit_for_ends() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    let (_gateway, route) = gateway(saying(text), Limits { body_idle: SHORT, ..Limits::default() });
    let mut stream = TcpStream::connect(route).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    // SETTINGS with windows of no byte (RFC 9113 §6.5.2), and `GET / HTTP/2` of the host `a` (RFC 7541 §6).
    stream.write_all(b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0").unwrap();
    stream.write_all(b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01a").unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let [high, middle, low, kind, _, stream_id @ ..] = head;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        stream.read_exact(&mut vec![0; length]).unwrap();
        const RST_STREAM: u8 = 3;
        if (kind, u32::from_be_bytes(stream_id)) == (RST_STREAM, 1) {
            return;
        }
    }
}

#[test]
fn bodies_that_stand_still_end() {
    let limits = || Limits { body_idle: SHORT, ..Limits::default() };
    let (_gateway, route) = gateway(saying(""), limits());
    let answer = ask(route, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");

    let (_gateway, route) = gateway(saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), limits());
    let answer = ask(route, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.ends_with("\r\n\r\nabc"), "{answer}");
}

#[test]
fn events_may_stand_still_for_longer_than_a_body() {
    let limits = Limits { body_idle: SHORT, ..Limits::default() };
    let text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n";
    let (_gateway, route) = gateway(saying(text), limits);
    let mut stream = TcpStream::connect(route).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(SHORT * 4)).unwrap();
    let mut answer = String::new();
    // Nothing ends it: the wait for more does.
    assert!(stream.read_to_string(&mut answer).is_err());
    assert!(answer.ends_with("\r\n\r\n9\r\ndata: a\n\n\r\n"), "{answer}");
}

#[test]
fn a_head_that_is_too_long_is_431() {
    let (_gateway, route) =
        gateway(saying(""), Limits { head_bytes: 1024, head_fields: 9, ..Limits::default() });
    for fields in ["A: b\r\n".repeat(10), format!("A: {}\r\n", "b".repeat(1024))] {
        let answer = ask(route, &format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[test]
fn requests_beyond_the_cap_wait_for_their_turn() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = listener.local_addr().unwrap();
    let (_gateway, route) = gateway(upstream, Limits { upstream_connections: 2, ..Limits::default() });
    let (answered, answers) = mpsc::channel();
    for _ in 0..5 {
        let answered = answered.clone();
        thread::spawn(move || {
            answered.send(ask(route, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).unwrap();
        });
    }
    // Nobody is answered before the most that are allowed have connected.
    for mut stream in (0..2).map(|_| listener.accept().unwrap().0).collect::<Vec<_>>() {
        thread::spawn(move || {
            while stream.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        });
    }
    for _ in 0..5 {
        assert!(answers.recv_timeout(Duration::from_secs(30)).unwrap().starts_with("HTTP/1.1 200 OK"));
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "a third connection was opened");
}

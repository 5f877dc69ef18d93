//! What becomes of a message on its way.

use std::{
    io::BufRead as _,
    sync::{Arc, Mutex, mpsc},
};

use super::{Hub, Peer, answering, heard, upstream};

const OK: &str = "HTTP/1.1 200 OK|Content-Length: 2||ok";

#[test]
fn a_request_gets_our_account_of_its_way_and_loses_what_is_for_us() {
    let (address, told) = answering(
        "HTTP/1.1 200 OK|Connection: keep-alive, X-Inner|X-Inner: 1|Keep-Alive: timeout=5|Content-Length: 2||ok",
    );
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET /a?b HTTP/1.1|HOST: x.localhost:1|Connection: X-Secret|X-Secret: 1|X-Forwarded-For: 6.6.6.6|aB: c||");
    assert_eq!(client.head(), "HTTP/1.1 200 OK|Content-Length: 2|Via: 1.1 navyd||");
    assert_eq!(client.take(2), "ok");
    let (_, head) = heard(&told);
    assert!(
        head.starts_with("GET /a?b HTTP/1.1|HOST: x.localhost:1|aB: c|X-Forwarded-For: 127.0.0.1|"),
        "{head}"
    );
    assert!(head.contains("|X-Forwarded-Host: x.localhost:1|Via: 1.1 navyd-"), "{head}");
    assert!(!head.contains("Secret") && !head.contains("6.6.6.6"), "{head}");
}

#[test]
fn chunks_and_trailers_pass_as_they_were_sent() {
    const CHUNKS: &str = "3;x=y|one|0A|0123456789|0|X-Sum: 1|X-Other: 2||";
    let address = upstream(|_, mut peer| {
        let head = peer.head();
        assert!(head.contains("|Transfer-Encoding: chunked|Trailer: X-Sum|"), "{head}");
        let body = peer.take(CHUNKS.replace('|', "\r\n").len());
        peer.say(&format!("HTTP/1.1 200 OK|Trailer: X-Sum|Transfer-Encoding: chunked||{body}"));
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say(&format!("POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Trailer: X-Sum||{CHUNKS}"));
    assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
    assert_eq!(client.take(CHUNKS.replace('|', "\r\n").len()), CHUNKS);
}

#[test]
fn early_hints_come_before_the_answer() {
    let address = upstream(|_, mut peer| {
        peer.head();
        peer.say("HTTP/1.1 103 Early Hints|Link: </a.css>||");
        // The answer follows only once the client has said that it saw the hint.
        assert_eq!(peer.take(4), "seen");
        peer.say(OK);
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("POST / HTTP/1.1|Host: a|Content-Length: 4||");
    assert_eq!(client.head(), "HTTP/1.1 103 Early Hints|Link: </a.css>|Via: 1.1 navyd||");
    client.say("seen");
    assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
}

#[test]
fn a_client_that_waits_for_100_is_told_by_the_upstream() {
    let address = upstream(|_, mut peer| {
        let head = peer.head();
        assert!(head.contains("|Expect: 100-continue|"), "{head}");
        peer.say("HTTP/1.1 100 Continue||");
        assert_eq!(peer.take(4), "body");
        peer.say(OK);
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("PUT / HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 4||");
    assert!(client.head().starts_with("HTTP/1.1 100 Continue|"));
    client.say("body");
    assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
}

#[test]
fn a_refusal_instead_of_100_ends_the_connection() {
    let address = upstream(|_, mut peer| {
        peer.head();
        peer.say("HTTP/1.1 413 Too Large|Content-Length: 2||no");
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("PUT / HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 4||");
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 413 Too Large|") && head.contains("|Connection: close|"), "{head}");
    assert_eq!(client.rest(), "no");
}

#[test]
fn the_answer_to_head_has_no_body() {
    let (address, _told) = answering("HTTP/1.1 200 OK|Content-Length: 5||");
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    for _ in 0..2 {
        client.say("HEAD / HTTP/1.1|Host: a||");
        assert!(client.head().contains("|Content-Length: 5|"));
    }
}

#[test]
fn http_1_0_gets_no_chunks_and_no_interim_answers() {
    let (address, told) = answering(
        "HTTP/1.1 103 Early Hints|Link: </a>||HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ab|1|c|0|X: y||",
    );
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET / HTTP/1.0|Host: a||");
    assert_eq!(client.rest(), "HTTP/1.1 200 OK|Connection: close|Via: 1.1 navyd||abc");
    assert!(heard(&told).1.starts_with("GET / HTTP/1.1|Host: a|"));
}

#[test]
fn http_1_0_stays_when_it_asks_to() {
    let (address, _told) = answering(OK);
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    for _ in 0..2 {
        client.say("GET / HTTP/1.0|Host: a|Connection: keep-alive||");
        assert!(client.head().contains("|Connection: keep-alive|"));
        client.take(2);
    }
}

#[test]
fn a_body_until_close_leaves_the_connection_of_a_client_that_knows_chunks() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let address = upstream(move |_, mut peer| {
        peer.head();
        peer.say("HTTP/1.0 200 OK|A: b||all of it");
        // The rest follows only once the client has that.
        wait.lock().unwrap().recv().unwrap();
        peer.say(&"x".repeat(70_000));
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    for _ in 0..2 {
        client.say("GET / HTTP/1.1|Host: a||");
        assert_eq!(client.head(), "HTTP/1.1 200 OK|A: b|Transfer-Encoding: chunked|Via: 1.0 navyd||");
        assert_eq!(client.take(14), "9|all of it|");
        go.send(()).unwrap();
        let mut count = 0;
        while count < 70_000 {
            let mut size = String::new();
            client.stream.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            assert_eq!(client.take(size + 2), "x".repeat(size) + "|");
            count += size;
        }
        assert_eq!(client.take(5), "0||");
    }
    client.say("GET / HTTP/1.0|Host: a||");
    go.send(()).unwrap();
    let answer = client.rest();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK|A: b|Connection: close|Via: 1.0 navyd||all of itxx"),
        "{answer}"
    );
}

#[test]
fn a_body_that_is_cut_short_does_not_look_complete() {
    let address = upstream(|_, mut peer| {
        peer.head();
        peer.say("HTTP/1.1 200 OK|Content-Length: 10||half");
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET / HTTP/1.1|Host: a||");
    client.head();
    let mut read = Vec::new();
    let ended = std::io::Read::read_to_end(&mut client.stream, &mut read);
    assert!(ended.is_err(), "{:?}", String::from_utf8_lossy(&read));
}

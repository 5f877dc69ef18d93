//! What becomes of connections: reuse, order, half-close, retries, draining.

use std::{
    net::TcpStream,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use super::{Hub, Peer, answering, heard, upstream};

const OK: &str = "HTTP/1.1 200 OK|Content-Length: 2||ok";

#[test]
fn three_requests_of_one_client_are_one_connection_of_the_upstream() {
    let (address, told) = answering(OK);
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    for _ in 0..3 {
        client.say("GET / HTTP/1.1|Host: a||");
        client.head();
        client.take(2);
        assert_eq!(heard(&told).0, 0);
    }
    // Another client's, too.
    let mut client = Peer::connect(route);
    client.say("GET / HTTP/1.1|Host: a||");
    client.head();
    assert_eq!(heard(&told).0, 0);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let address = upstream(|_, mut peer| {
        loop {
            let head = peer.head();
            let Some(path) = head.split(' ').nth(1) else { return };
            let path = path.to_owned();
            peer.say(&format!("HTTP/1.1 200 OK|Content-Length: {}||{path}", path.len()));
        }
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    let requests: Vec<_> = (0..20).map(|n| format!("GET /{n} HTTP/1.1|Host: a||")).collect();
    client.say(&requests.concat());
    for n in 0..20 {
        client.head();
        assert_eq!(client.take(format!("/{n}").len()), format!("/{n}"));
    }
}

#[test]
fn a_client_that_says_no_more_still_gets_its_answer() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let address = upstream(move |_, mut peer| {
        peer.head();
        wait.lock().unwrap().recv().unwrap();
        peer.say(OK);
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET / HTTP/1.1|Host: a||");
    client.end();
    go.send(()).unwrap();
    assert!(client.rest().ends_with("||ok"));
}

#[test]
fn a_request_that_meets_a_closing_connection_is_sent_again_if_it_may_be() {
    // Each connection answers once, reads the next request and closes without a word.
    let (tell, told) = mpsc::channel();
    let address = upstream(move |_, mut peer| {
        peer.head();
        peer.say(OK);
        let head = peer.head();
        tell.send(head.split(' ').next().unwrap_or_default().to_owned()).unwrap();
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET / HTTP/1.1|Host: a||");
    client.head();
    client.take(2);
    client.say("GET /again HTTP/1.1|Host: a||");
    assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
    client.take(2);
    assert_eq!(heard(&told), "GET");
    client.say("POST / HTTP/1.1|Host: a|Content-Length: 0||");
    assert!(client.head().starts_with("HTTP/1.1 502 Bad Gateway|"));
    assert_eq!(heard(&told), "POST");
}

#[test]
fn a_client_that_leaves_frees_the_upstream() {
    let (tell, told) = mpsc::channel();
    let address = upstream(move |_, mut peer| {
        peer.head();
        tell.send("asked".to_owned()).unwrap();
        tell.send(peer.rest()).unwrap();
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET / HTTP/1.1|Host: a||");
    assert_eq!(heard(&told), "asked");
    reset(client);
    assert_eq!(heard(&told), "");
}

/// Closes a connection as a program that crashes does.
fn reset(client: Peer) {
    let stream = client.stream.into_inner();
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn what_is_in_flight_finishes_and_what_is_idle_closes() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let (tell, told) = mpsc::channel();
    let address = upstream(move |_, mut peer| {
        peer.head();
        tell.send(()).unwrap();
        wait.lock().unwrap().recv().unwrap();
        peer.say(OK);
    });
    let (mut hub, route) = Hub::to("http", address);
    let mut idle = Peer::connect(route);
    let mut busy = Peer::connect(route);
    busy.say("GET / HTTP/1.1|Host: a||");
    heard(&told);
    hub.terminate();
    // It closes idle connections only after it has stopped to listen.
    assert_eq!(idle.rest(), "");
    assert!(TcpStream::connect(route).is_err());
    go.send(()).unwrap();
    let answer = busy.rest();
    assert!(answer.contains("|Connection: close|") && answer.ends_with("||ok"), "{answer}");
    assert_eq!(hub.held.wait(), Some(0));
}

#[test]
fn a_hub_that_is_told_to_end_twice_waits_for_nothing() {
    let (tell, told) = mpsc::channel();
    let address = upstream(move |_, mut peer| {
        peer.head();
        tell.send(()).unwrap();
        // It never answers.
        peer.rest();
    });
    let (mut hub, route) = Hub::to("http", address);
    let mut idle = Peer::connect(route);
    let mut busy = Peer::connect(route);
    busy.say("GET / HTTP/1.1|Host: a||");
    heard(&told);
    hub.terminate();
    assert_eq!(idle.rest(), "");
    hub.terminate();
    assert_eq!(hub.held.wait(), Some(0));
    let mut rest = Vec::new();
    assert_eq!(std::io::Read::read_to_end(&mut busy.stream, &mut rest).unwrap_or(0), 0);
}

//! What flows for long: large bodies, events, upgraded connections, bytes and datagrams.

use std::{
    hash::Hasher as _,
    io::{Read, Write},
    net::UdpSocket,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use super::{DEADLINE, Hub, Peer, heard, upstream};

/// 64 MiB: more than any buffer or pipe on the way.
pub(super) const LARGE: usize = 64 << 20;

/// A portion that differs from its neighbours.
fn portion(number: usize) -> Vec<u8> {
    (0..1 << 16).map(|at| (at * 31 + number * 7 + (at >> 8)) as u8).collect()
}

pub(super) fn write_large(mut to: impl Write) {
    for number in 0..LARGE >> 16 {
        to.write_all(&portion(number)).unwrap();
    }
}

/// The sum of so many bytes that are read.
pub(super) fn sum_of(mut from: impl Read, count: usize) -> u64 {
    let mut sum = std::hash::DefaultHasher::new();
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..count >> 16 {
        from.read_exact(&mut buffer).unwrap();
        sum.write(&buffer);
    }
    sum.finish()
}

pub(super) fn sum_of_large() -> u64 {
    let mut sum = std::hash::DefaultHasher::new();
    (0..LARGE >> 16).for_each(|number| sum.write(&portion(number)));
    sum.finish()
}

#[test]
fn a_large_body_arrives_as_it_was_sent_both_ways() {
    let address = upstream(|_, mut peer| {
        while !peer.head().is_empty() {
            let sum = sum_of(&mut peer.stream, LARGE);
            peer.say(&format!("HTTP/1.1 200 OK|X-Sum: {sum}|Content-Length: {LARGE}||"));
            write_large(peer.stream.get_mut());
        }
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    for _ in 0..2 {
        client.say(&format!("POST / HTTP/1.1|Host: a|Content-Length: {LARGE}||"));
        write_large(client.stream.get_mut());
        let head = client.head();
        assert!(head.contains(&format!("|X-Sum: {}|", sum_of_large())), "{head}");
        assert_eq!(sum_of(&mut client.stream, LARGE), sum_of_large());
    }
}

#[test]
fn large_chunks_arrive_as_they_were_sent() {
    let address = upstream(|_, mut peer| {
        peer.head();
        peer.say(&format!("HTTP/1.1 200 OK|Transfer-Encoding: chunked||{LARGE:x}|"));
        write_large(peer.stream.get_mut());
        peer.say("|0||");
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET / HTTP/1.1|Host: a||");
    client.head();
    assert_eq!(client.take(9), format!("{LARGE:x}|"));
    assert_eq!(sum_of(&mut client.stream, LARGE), sum_of_large());
    assert_eq!(client.take(7), "|0||");
}

#[test]
fn events_come_one_by_one_and_the_upstream_learns_that_the_reader_left() {
    let (tell, told) = mpsc::channel();
    let (seen, see) = mpsc::channel::<()>();
    let see = Arc::new(Mutex::new(see));
    let address = upstream(move |_, mut peer| {
        peer.head();
        peer.say("HTTP/1.1 200 OK|Content-Type: text/event-stream|Transfer-Encoding: chunked||");
        for _ in 0..3 {
            peer.say("8|data: a\n|");
            // The next follows only once the client has it.
            see.lock().unwrap().recv().unwrap();
        }
        tell.send(peer.rest()).unwrap();
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET / HTTP/1.1|Host: a||");
    client.head();
    for _ in 0..3 {
        assert_eq!(client.take(13).replace('\n', "!"), "8|data: a!|");
        seen.send(()).unwrap();
    }
    drop(client);
    assert_eq!(heard(&told), "");
}

#[test]
fn an_upgrade_carries_bytes_only_once_the_upstream_agrees() {
    let address = upstream(|_, mut peer| {
        let head = peer.head();
        assert!(head.contains("|Upgrade: echo|Connection: Upgrade|"), "{head}");
        if head.starts_with("GET /no ") {
            peer.say("HTTP/1.1 403 No|Content-Length: 2||no");
            assert!(peer.head().starts_with("GET /next "));
            return peer.say("HTTP/1.1 200 OK|Content-Length: 2||ok");
        }
        peer.say("HTTP/1.1 101 Switching Protocols|Upgrade: echo|Connection: Upgrade||hello");
        let said = peer.take(3);
        peer.say(&said);
        // An end in one direction leaves the other open.
        assert_eq!(peer.rest(), "");
        peer.say("bye");
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET /yes HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: echo||");
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("|Connection: Upgrade|"), "{head}");
    assert_eq!(client.take(5), "hello");
    client.say("abc");
    assert_eq!(client.take(3), "abc");
    client.end();
    assert_eq!(client.rest(), "bye");

    let mut client = Peer::connect(route);
    client.say("GET /no HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: echo||GET /next HTTP/1.1|Host: a||");
    assert!(client.head().starts_with("HTTP/1.1 403 No|"));
    assert_eq!(client.take(2), "no");
    assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
}

#[test]
fn a_tcp_route_carries_everything_both_ways_and_each_end_by_itself() {
    let address = upstream(|_, mut peer| {
        peer.say("hello");
        let sum = sum_of(&mut peer.stream, LARGE);
        assert_eq!(peer.rest(), "");
        peer.say(&sum.to_string());
    });
    let (_hub, route) = Hub::to("tcp", address);
    let mut client = Peer::connect(route);
    assert_eq!(client.take(5), "hello");
    write_large(client.stream.get_mut());
    client.end();
    assert_eq!(client.rest(), sum_of_large().to_string());
}

#[test]
fn a_udp_route_brings_each_client_its_own_answers() {
    let echo = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = echo.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = echo.recv_from(&mut buffer) {
            let answer = [&buffer[..length], from.to_string().as_bytes()].concat();
            echo.send_to(&answer, from).unwrap();
        }
    });
    let (_hub, route) = Hub::to("udp", address);
    let ask = |client: &UdpSocket, text: &str| {
        let mut buffer = [0; 2048];
        client.send_to(text.as_bytes(), route).unwrap();
        let length = client.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let clients: Vec<_> = (0..2).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    for client in &clients {
        client.set_read_timeout(Some(DEADLINE)).unwrap();
    }
    let first = ask(&clients[0], "a");
    let second = ask(&clients[1], "a");
    assert_ne!(first, second);
    assert_eq!(ask(&clients[0], "a"), first);
    assert!(ask(&clients[1], "b").starts_with('b'));
}

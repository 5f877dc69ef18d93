//! Requests that are sent again because their answer broke off.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{ask, gateway};
use crate::Limits;

const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HALF: &str = "HTTP/1.1 200 OK\r\nContent-Le";

/// An upstream that reads one request on each connection, says the next of these, and closes; how often it was asked.
fn saying_in_turn(answers: &'static [&'static str]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for (stream, answer) in listener.incoming().zip(answers.iter().cycle()) {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") && !request.ends_with(b"body") {
                let mut more = [0; 1024];
                let read = stream.read(&mut more).unwrap();
                request.extend_from_slice(&more[..read]);
            }
            count.fetch_add(1, Ordering::SeqCst);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, asked)
}

#[test]
fn what_breaks_off_within_a_head_is_asked_once_more() {
    const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    const PUT: &str = "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody";
    const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    const HINT: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 20";
    for (request, answers, status, asked) in [
        (GET, &[HALF, WHOLE][..], "200 OK", 2),
        (GET, &["H", WHOLE], "200 OK", 2),
        // One that does it again does it always.
        (GET, &[HALF, HALF, WHOLE], "502 Bad Gateway", 2),
        // It may have done what it was asked, or its body is gone.
        (POST, &[HALF, WHOLE], "502 Bad Gateway", 1),
        (PUT, &[HALF, WHOLE], "502 Bad Gateway", 1),
        // Without a word it refuses, and nothing tells that it would not refuse again.
        (GET, &["", WHOLE], "502 Bad Gateway", 1),
        // The client has had a part of the answer.
        (GET, &[HINT, WHOLE], "103 Early Hints", 1),
    ] {
        let (address, count) = saying_in_turn(answers);
        let (_gateway, route) = gateway(address, Limits::default());
        let answer = ask(route, request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answers:?}: {answer}");
        assert_eq!(count.load(Ordering::SeqCst), asked, "{request} {answers:?}");
        // The end of an answer never looks like a complete one.
        assert!(status != "103 Early Hints" || answer.contains("HTTP/1.1 502 "), "{answer}");
    }
}

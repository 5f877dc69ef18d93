//! The server on real sockets, asked in bytes.

use std::{
    io::{Read, Write},
    net::TcpStream,
    rc::Rc,
    thread,
};

use bytes::Bytes;

use super::{Answer, Answering, Asked, Body, Credentials, Manners, Server, Site, Source, Sourced};
use crate::{Door, Stand, Stopper, stopper};

/// Says what it was asked.
struct Mirror;

impl Site for Mirror {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        Box::pin(async move {
            match asked.head.path() {
                "/unread" => Answer::text(200, "unread"),
                "/made" => Answer::new(200).body(Body::Source(Box::new(Counting(3)), None)),
                "/reset" => Answer::new(200).body(Body::Reset),
                "/split" => Answer::text(200, "").with("X-Planted", "a\r\nX-Split: b"),
                _ => {
                    let body = asked.body.whole(1024).await;
                    let said = format!("{} {} {body:?}", asked.head.method(), asked.head.target());
                    body.map_or_else(
                        |error| Answer::text(413, error.to_string()),
                        |_| Answer::text(200, said),
                    )
                }
            }
        })
    }
}

struct Counting(u8);

impl Source for Counting {
    fn next(&mut self) -> Sourced<'_> {
        Box::pin(async move {
            let Some(left) = self.0.checked_sub(1) else { return Ok(None) };
            self.0 = left;
            Ok(Some(Bytes::from(vec![b'0' + left])))
        })
    }
}

/// A server of its own on a thread of its own, which ends with this.
struct Standing {
    port: u16,
    stopper: Stopper,
    thread: Option<thread::JoinHandle<()>>,
}

impl Standing {
    fn with(manners: Manners) -> Self {
        let door = Door::loopback(0).expect("a port is free");
        let (port, (stopper, stop)) = (door.port(), stopper());
        let run = move || {
            let server = Server { site: Rc::new(Mirror), manners, told: None };
            Stand::new().answering(door, None, Rc::new(server)).run(stop).expect("it stands");
        };
        Self { port, stopper, thread: Some(thread::spawn(run)) }
    }

    /// All that is answered to these bytes, until the connection ends.
    fn ask(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.write_all(bytes.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => String::from_utf8(answer).expect("it is text"),
            Err(error) => format!("{:?}", error.kind()),
        }
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.stopper.stop();
        self.thread.take().map(thread::JoinHandle::join);
    }
}

#[test]
fn requests_are_answered_one_after_the_other() {
    let standing = Standing::with(Manners::default());
    let close = "Host: localhost\r\nConnection: close\r\n\r\n";
    let keep = "Host: localhost\r\n\r\n";
    for (asked, expected) in [
        (format!("GET /a?b HTTP/1.1\r\n{close}"), &["200 OK", "GET /a?b", "Connection: close"][..]),
        (format!("GET /1 HTTP/1.1\r\n{keep}GET /2 HTTP/1.1\r\n{close}"), &["GET /1", "GET /2"]),
        (
            format!("POST /unread HTTP/1.1\r\nContent-Length: 3\r\n{keep}abcGET /2 HTTP/1.1\r\n{close}"),
            &["unread", "GET /2"],
        ),
        (
            format!("POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n{close}3\r\nabc\r\n0\r\n\r\n"),
            &["POST /p Ok(b\"abc\")"],
        ),
        (
            format!("POST /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n{close}abc"),
            &["HTTP/1.1 200", "Ok(b\"abc\")"],
        ),
        (format!("POST /p HTTP/1.1\r\nContent-Length: 2000\r\n{close}"), &["413 "]),
        (
            format!("GET /made HTTP/1.1\r\n{close}"),
            &["chunked\r\n", "1\r\n2\r\n1\r\n1\r\n1\r\n0\r\n0\r\n\r\n"],
        ),
        ("GET /made HTTP/1.0\r\n\r\n".to_owned(), &["Connection: close", "\r\n\r\n210"]),
        ("GET /x HTTP/1.0\r\n\r\n".to_owned(), &["Content-Length: 14", "GET /x"]),
        (format!("GET /split HTTP/1.1\r\n{close}"), &["X-Planted: a  X-Split: b\r\n"]),
        (format!("GET /reset HTTP/1.1\r\n{close}"), &["ConnectionReset"]),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), &["400 Bad Request", "host is missing"]),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_owned(), &["403 "]),
        ("nonsense\r\n\r\n".to_owned(), &["400 "]),
    ] {
        let answer = standing.ask(&asked);
        for part in expected {
            assert!(answer.contains(part), "`{part}` is not in the answer to {asked:?}:\n{answer}");
        }
    }
    let head = standing.ask(&format!("HEAD /abc HTTP/1.1\r\n{close}"));
    assert!(head.contains("Content-Length: ") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn who_has_no_password_is_refused() {
    let auth = Credentials::parse("me:secret");
    let standing = Standing::with(Manners { auth, ..Manners::default() });
    let ask = |field| {
        standing.ask(&format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{field}\r\n"))
    };
    let refused = ask("");
    assert!(
        refused.starts_with("HTTP/1.1 401 ") && refused.contains("WWW-Authenticate: Basic "),
        "{refused}"
    );
    assert!(ask("Authorization: Basic bWU6c2VjcmV0\r\n").starts_with("HTTP/1.1 200 "));
}

#[test]
fn what_is_under_way_is_finished() {
    let standing = Standing::with(Manners::default());
    let mut stream = TcpStream::connect(("127.0.0.1", standing.port)).expect("it listens");
    stream
        .write_all(
            b"POST /p HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
        )
        .unwrap();
    let mut start = [0; 25];
    stream.read_exact(&mut start).expect("it asks for the body");
    standing.stopper.stop();
    stream.write_all(b"x").unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).expect("it answers");
    assert!(rest.contains("200 OK") && rest.contains("Connection: close"), "{rest}");
}

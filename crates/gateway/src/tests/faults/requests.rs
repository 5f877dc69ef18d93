//! Faults of connections on routes of HTTP: they hit each exchange as if it were a connection.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use navyd_model::fault::{Direction, Fault};
use serde_json::json;

use super::{DEADLINE, Stage, fault, upstream};

const ANSWER: &str = "hello";

/// An upstream that answers every request, for as long as its connection stays.
fn answering() -> SocketAddr {
    upstream(|stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap_or(0) == 0 {
                    return;
                }
            }
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{ANSWER}", ANSWER.len());
            if writer.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    })
}

/// A client that keeps its connection.
struct Client(BufReader<TcpStream>);

impl Client {
    fn to(stage: &Stage) -> Self {
        Self(BufReader::new(stage.connect()))
    }

    /// The body of the answer, or what became of the connection instead.
    fn ask(&mut self) -> std::io::Result<String> {
        self.0.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let mut body = vec![0; ANSWER.len()];
        self.0.read_exact(&mut body)?;
        Ok(String::from_utf8(body).unwrap())
    }
}

#[test]
fn a_connection_that_was_kept_does_not_escape() {
    let stage = Stage::to("http", answering(), Vec::new());
    let mut client = Client::to(&stage);
    assert_eq!(client.ask().unwrap(), ANSWER);
    stage.lay(vec![fault("latency", json!({"latency": 100}), Direction::Down)]);
    for _ in 0..2 {
        let start = Instant::now();
        assert_eq!(client.ask().unwrap(), ANSWER);
        assert!(start.elapsed() >= Duration::from_millis(100));
    }
    stage.lay(Vec::new());
    assert_eq!(client.ask().unwrap(), ANSWER);
}

#[test]
fn a_fault_that_ends_the_connection_ends_the_clients_and_nothing_is_sent_twice() {
    for (kind, attributes) in [
        ("reset", json!({})),
        ("refuse", json!({})),
        ("timeout", json!({"timeout": 20})),
        ("limit_data", json!({"bytes": 10})),
        ("limit_data", json!({"bytes": 41})),
    ] {
        let stage = Stage::to("http", answering(), vec![fault(kind, attributes, Direction::Down)]);
        let failure = Client::to(&stage).ask().unwrap_err().kind();
        assert_eq!(failure, std::io::ErrorKind::ConnectionReset, "{kind}");
        assert_eq!(stage.gateway.fault_log().len(), 1, "{kind}");
    }
}

#[test]
fn a_black_hole_needs_no_upstream_and_ends_with_the_fault() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stage = Stage::to("http", nobody, vec![fault("black_hole", json!({}), Direction::Both)]);
    let mut client = Client::to(&stage);
    client.0.get_ref().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert_eq!(client.ask().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    client.0.get_ref().set_read_timeout(Some(DEADLINE)).unwrap();
    stage.lay(Vec::new());
    let ended = client.0.read(&mut [0]).unwrap_err().kind();
    assert_eq!(ended, std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_share_of_exchanges_is_hit_whatever_connection_they_come_on() {
    let slow = Fault { toxicity: 0.5, ..fault("latency", json!({"latency": 1}), Direction::Down) };
    let stage = Stage::to("http", answering(), vec![slow]);
    let run = |seed| {
        stage.gateway.seed_faults(seed);
        let mut client = Client::to(&stage);
        for _ in 0..40 {
            assert_eq!(client.ask().unwrap(), ANSWER);
        }
        stage.gateway.fault_log().iter().map(|one| one.connection).collect::<Vec<_>>()
    };
    let hit = run(3);
    assert!((8..=32).contains(&hit.len()), "{hit:?}");
    assert_eq!(hit, run(3));
    assert_ne!(hit, run(4));
}

#[test]
fn slow_opens_are_waited_for() {
    let stage = Stage::to("http", answering(), vec![fault("slow_open", json!({"delay": 60}), Direction::Up)]);
    let start = Instant::now();
    assert_eq!(Client::to(&stage).ask().unwrap(), ANSWER);
    assert!(start.elapsed() >= Duration::from_millis(60));
}

//! Connections to upstreams that are kept although faults hit them: only without a doubt, and never past a fault.

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use navyd_model::fault::{Direction, Fault};
use serde_json::json;

use super::{Stage, fault, upstream};

/// An upstream that answers each request with the number of its connection and its first line; and what it has heard.
struct Heard {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Heard {
    /// `answer` tells what is said to a request with this first line, and whether the connection ends then.
    fn new(answer: impl Fn(&str) -> (String, bool) + Send + Sync + 'static) -> Self {
        let (connections, lines) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (counted, listed) = (Arc::clone(&connections), Arc::clone(&lines));
        let address = upstream(move |stream| {
            counted.fetch_add(1, SeqCst);
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut writer = stream;
            while let Some(line) = first_line(&mut reader) {
                let (text, ends) = answer(&line);
                listed.lock().unwrap().push(line);
                if writer.write_all(text.as_bytes()).is_err() || ends {
                    return;
                }
            }
        });
        Self { address, connections, lines }
    }

    fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

fn first_line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return None;
        }
    }
    Some(head.lines().next()?.to_owned())
}

/// The answer with this body.
fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// One that answers with what it was asked for.
fn honest() -> Heard {
    Heard::new(|line| (ok(line), false))
}

/// The body of the next answer, or what became of the connection instead.
fn answer(client: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        if client.read_line(&mut head)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(value) = head[from..].strip_prefix("Content-Length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    Ok(String::from_utf8(body).unwrap())
}

fn ask(client: &mut BufReader<TcpStream>, line: &str) -> std::io::Result<String> {
    client.get_mut().write_all(format!("{line}\r\nHost: a\r\n\r\n").as_bytes())?;
    answer(client)
}

#[test]
fn what_a_fault_has_done_with_is_used_again_and_what_it_has_not_is_closed() {
    use Direction::{Both, Down, Up};
    const TIMES: usize = 6;
    let half = |fault: Fault| Fault { toxicity: 0.5, ..fault };
    for (laid, method, connections) in [
        (fault("latency", json!({"latency": 0}), Both), "GET", 1),
        (fault("latency", json!({"latency": 2, "jitter": 1}), Both), "GET", 1),
        (half(fault("latency", json!({"latency": 2}), Both)), "GET", 1),
        (fault("bandwidth", json!({"rate": 1_000_000}), Both), "GET", 1),
        (fault("slicer", json!({"average_size": 7, "size_variation": 3, "delay": 900}), Both), "GET", 1),
        (fault("dribble", json!({"size": 3, "delay": 1}), Down), "GET", 1),
        (fault("slow_close", json!({"delay": 60_000}), Both), "GET", 1),
        (fault("limit_data", json!({"bytes": 1_000_000}), Both), "GET", 1),
        (fault("header", json!({"name": "X-New", "value": "1"}), Down), "POST", 1),
        // What it does before there is a connection needs one that is not there yet.
        (fault("slow_open", json!({"delay": 1}), Both), "GET", TIMES),
        // A request that must not be sent twice, and may be held for so long that the connection closes meanwhile.
        (fault("latency", json!({"latency": 0}), Up), "POST", TIMES),
        (fault("latency", json!({"latency": 0}), Down), "POST", 1),
    ] {
        let upstream = honest();
        let told = format!("{laid:?}");
        let stage = Stage::to("http", upstream.address, vec![laid]);
        let mut client = BufReader::new(stage.connect());
        for at in 0..TIMES {
            let line = format!("{method} /{at} HTTP/1.1");
            assert_eq!(ask(&mut client, &line).unwrap(), line, "{told}");
        }
        assert_eq!(upstream.connections(), connections, "{told}");
    }
}

#[test]
fn more_than_an_answer_reaches_nobody_else() {
    for laid in [
        fault("latency", json!({"latency": 3}), Direction::Down),
        fault("slicer", json!({"average_size": 20, "delay": 900}), Direction::Down),
        fault("latency", json!({"latency": 0}), Direction::Both),
    ] {
        let kind = laid.kind.clone();
        let upstream = Heard::new(|line| (ok(line) + &ok("of nobody"), false));
        let stage = Stage::to("http", upstream.address, vec![laid]);
        let mut client = BufReader::new(stage.connect());
        for at in 0..4 {
            let line = format!("GET /{at} HTTP/1.1");
            assert_eq!(ask(&mut client, &line).unwrap(), line, "{kind}");
        }
        assert_eq!(upstream.connections(), 4, "{kind}");
    }
}

#[test]
fn a_request_that_is_still_on_its_way_ends_with_its_connection() {
    // Answered behind its head, while its body waits for its time.
    let upstream = honest();
    let slow = fault("bandwidth", json!({"rate": 10_000}), Direction::Up);
    let stage = Stage::to("http", upstream.address, vec![slow]);
    let body = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20_000);
    let mut client = BufReader::new(stage.connect());
    let head = format!("PUT /first HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    client.get_mut().write_all((head + &body).as_bytes()).unwrap();
    assert_eq!(answer(&mut client).unwrap(), "PUT /first HTTP/1.1");
    let mut other = BufReader::new(stage.connect());
    stage.lay(Vec::new());
    assert_eq!(ask(&mut other, "GET /second HTTP/1.1").unwrap(), "GET /second HTTP/1.1");
    assert_eq!(upstream.connections(), 2);
    let lines = upstream.lines.lock().unwrap().clone();
    let second = lines.iter().position(|line| line.contains("/second")).unwrap();
    assert_eq!(second, lines.len() - 1, "{lines:?}");
}

#[test]
fn faults_that_change_while_a_connection_idles_hit_what_comes_next() {
    let upstream = honest();
    let sliced = || fault("slicer", json!({"average_size": 9}), Direction::Both);
    let stage = Stage::to("http", upstream.address, vec![sliced()]);
    let mut client = BufReader::new(stage.connect());
    let mut prompt = |faults: Vec<Fault>, at: usize| {
        stage.lay(faults);
        let (line, start) = (format!("GET /{at} HTTP/1.1"), Instant::now());
        assert_eq!(ask(&mut client, &line).unwrap(), line);
        start.elapsed()
    };
    const LATE: Duration = Duration::from_millis(40);
    let late = || fault("latency", json!({"latency": 40}), Direction::Down);
    prompt(vec![sliced()], 0);
    assert!(prompt(vec![sliced(), late()], 1) >= LATE);
    prompt(Vec::new(), 2);
    assert!(prompt(vec![late()], 3) >= LATE);
    assert_eq!(upstream.connections(), 1);
    for (kind, attributes) in [
        ("reset", json!({})),
        ("timeout", json!({"timeout": 10})),
        ("limit_data", json!({"bytes": 10})),
        ("refuse", json!({})),
    ] {
        stage.lay(vec![sliced()]);
        let mut client = BufReader::new(stage.connect());
        assert_eq!(ask(&mut client, "GET /kept HTTP/1.1").unwrap(), "GET /kept HTTP/1.1", "{kind}");
        stage.lay(vec![fault(kind, attributes, Direction::Down)]);
        let ended = ask(&mut client, "GET /next HTTP/1.1").unwrap_err().kind();
        assert_eq!(ended, ErrorKind::ConnectionReset, "{kind}");
    }
}

#[test]
fn a_client_that_has_said_all_is_answered_and_its_connection_to_the_upstream_stays() {
    let upstream = honest();
    let stage =
        Stage::to("http", upstream.address, vec![fault("latency", json!({"latency": 5}), Direction::Both)]);
    for at in 0..3 {
        let mut client = BufReader::new(stage.connect());
        let line = format!("GET /{at} HTTP/1.1");
        client.get_mut().write_all(format!("{line}\r\nHost: a\r\n\r\n").as_bytes()).unwrap();
        client.get_ref().shutdown(Shutdown::Write).unwrap();
        assert_eq!(answer(&mut client).unwrap(), line);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    }
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn an_upstream_that_leaves_behind_its_answer_is_asked_anew() {
    // It says nothing about leaving, so it may be gone only when the next request is on its way.
    let upstream = Heard::new(|line| (ok(line), true));
    let stage =
        Stage::to("http", upstream.address, vec![fault("latency", json!({"latency": 2}), Direction::Both)]);
    let mut client = BufReader::new(stage.connect());
    for (at, method) in ["GET", "POST", "GET", "DELETE", "POST", "PUT"].iter().enumerate() {
        let line = format!("{method} /{at} HTTP/1.1");
        assert_eq!(ask(&mut client, &line).unwrap(), line);
    }
    let lines = upstream.lines.lock().unwrap().clone();
    assert_eq!(lines.len(), 6, "{lines:?}");
}

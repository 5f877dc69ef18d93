//! Exchanges written for other tools, read by the real ones.

mod curl;
mod har;
mod hurl;
mod otlp;
mod pcapng;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use navyd_hub::export::{Format, Raw};
use navyd_model::exchange::{Body, Exchange, Message, Outcome, Party, Piece, Protocol, Side, Summary};

/// How long a socket may be silent. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(30);

/// An exchange of HTTP, from its two heads (with `|` for an end of a line) and bodies.
fn exchange(url: &str, request: &str, sent: &[u8], response: &str, received: &[u8]) -> Raw {
    let status = response.split(' ').nth(1).map(|status| status.parse().unwrap());
    let summary = Summary {
        id: 1,
        protocol: Protocol::Http,
        route: "shop.localhost".to_owned(),
        started: "2026-11-21T10:00:00Z".parse().unwrap(),
        wait_ms: Some(20.0),
        took_ms: Some(25.0),
        client: party("127.0.0.1:40000"),
        server: party("127.0.0.1:3000"),
        method: request.split(' ').next().unwrap().to_owned(),
        target: url.to_owned(),
        status,
        outcome: Outcome::Complete,
        error: None,
        sent: 0,
        received: 0,
        lost: 0,
        faults: Vec::new(),
        caused_by: None,
    };
    Raw {
        exchange: Exchange {
            summary,
            request: message(request, sent),
            response: (!response.is_empty()).then(|| message(response, received)),
            pieces: Vec::new(),
            details: serde_json::Value::Null,
            hits: Vec::new(),
            caused: Vec::new(),
            maybe_caused: Vec::new(),
            maybe_caused_by: Vec::new(),
        },
        request: sent.to_vec(),
        response: received.to_vec(),
    }
}

fn message(head: &str, body: &[u8]) -> Message {
    let mut lines = head.split('|');
    let line = lines.next().map(str::to_owned);
    let field = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_owned(), value.trim_start().to_owned())
    };
    let text = std::str::from_utf8(body).ok().map(str::to_owned);
    let size = body.len() as u64;
    let body = (size > 0).then(|| Body { size, kept: size, text, ..Body::default() });
    Message { line, headers: lines.map(field).collect(), body, ..Message::default() }
}

fn party(address: &str) -> Party {
    Party { address: Some(address.parse().unwrap()), ..Party::default() }
}

fn piece(at_ms: f64, from: Side, kind: &str, text: Option<&str>, base64: Option<&str>) -> Piece {
    let size = text.or(base64).unwrap_or_default().len() as u64;
    let (text, base64) = (text.map(str::to_owned), base64.map(str::to_owned));
    Piece { at_ms, from, kind: kind.to_owned(), size, text, base64 }
}

fn written(format: &str, all: &[Raw]) -> Vec<u8> {
    let mut out = Vec::new();
    (Format::of(format).unwrap().write)(all, &mut out).unwrap();
    out
}

/// A server that answers each connection once, and tells what it got.
struct Recorder {
    address: SocketAddr,
    heard: mpsc::Receiver<Vec<u8>>,
}

impl Recorder {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if tell.send(request(stream)).is_err() {
                    break;
                }
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<u8> {
        self.heard.recv_timeout(DEADLINE).expect("a request comes")
    }
}

/// Reads a request by its length or to the end of its chunks, and answers it.
fn request(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut bytes = Vec::new();
    let mut part = [0; 65536];
    let mut asked = false;
    loop {
        if let Some(head) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head + 2]).to_ascii_lowercase();
            let length = text.split("\r\ncontent-length:").nth(1).and_then(|rest| rest.split("\r\n").next());
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            let chunked = text.contains("\r\ntransfer-encoding: chunked");
            let all = if chunked { bytes.ends_with(b"0\r\n\r\n") } else { bytes.len() >= head + 4 + length };
            if all {
                break;
            }
            if text.contains("expect: 100-continue") && !asked {
                asked = true;
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    bytes
}

/// Whether these programs are here; says which one is not.
fn needs(test: &str, programs: &[&str]) -> bool {
    for name in programs {
        if crate::support::program(name).is_none() {
            crate::support::skip(test, &format!("`{name}` is not installed"));
            return false;
        }
    }
    true
}

fn shown(path: &std::path::Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

//! `navyd toxiproxy`: what it answers, what its toxics do, and the clients that people have.

mod clients;
mod contract;
mod defects;
mod load;
mod proxies;
mod toxics;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{child::Held, run::navyd};

/// How long anything may take. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running one. Dropped, it is killed.
pub(super) struct Toxiproxy {
    held: Held,
    pub(super) api: SocketAddr,
    /// What it says when it is ready.
    pub(super) report: Value,
}

/// What is answered to a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Its fields, in lower case.
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: String,
}

impl Toxiproxy {
    pub(super) fn start(options: &[&str]) -> Self {
        let mut held = Held::start(navyd().args(["toxiproxy", "--json", "--port", "0"]).args(options));
        let report: Value = serde_json::from_str(&held.line()).unwrap();
        assert_eq!(report["schema"], "navyd.toxiproxy/1");
        let api = report["listen"].as_str().unwrap().parse().unwrap();
        Self { held, api, report }
    }

    /// One with a proxy that is called `p` and leads there; where the proxy listens.
    pub(super) fn to(upstream: SocketAddr, options: &[&str]) -> (Self, SocketAddr) {
        let toxiproxy = Self::start(options);
        let listen = toxiproxy.proxy("p", &upstream.to_string());
        (toxiproxy, listen)
    }

    /// Makes a proxy; where it listens.
    pub(super) fn proxy(&self, name: &str, upstream: &str) -> SocketAddr {
        let wanted = json!({"name": name, "listen": "127.0.0.1:0", "upstream": upstream});
        let made = self.ask("POST", "/proxies", &wanted.to_string());
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["listen"].as_str().unwrap().parse().unwrap()
    }

    /// Lays a toxic on the proxy `p`.
    pub(super) fn add(&self, kind: &str, stream: &str, attributes: &Value) -> Value {
        self.lay(&json!({"type": kind, "stream": stream, "attributes": attributes}))
    }

    pub(super) fn lay(&self, toxic: &Value) -> Value {
        let made = self.ask("POST", "/proxies/p/toxics", &toxic.to_string());
        assert_eq!(made.status, 200, "{made:?}");
        made.json()
    }

    pub(super) fn remove(&self, toxic: &str) {
        assert_eq!(self.ask("DELETE", &format!("/proxies/p/toxics/{toxic}"), "").status, 204);
    }

    pub(super) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_as("Go-http-client/1.1", method, path, body)
    }

    /// Asks as the program that calls itself so.
    pub(super) fn ask_as(&self, agent: &str, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = BufReader::new(patient(TcpStream::connect(self.api).unwrap()));
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {agent}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}",
            self.api
        );
        stream.get_mut().write_all(head.as_bytes()).unwrap();
        let mut line = || {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let status = line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut fields = Vec::new();
        while let Some((name, value)) = line().split_once(": ") {
            fields.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut body = String::new();
        stream.read_to_string(&mut body).unwrap();
        Answer { status, fields, body }
    }

    /// Asks it to end; its exit status.
    pub(super) fn terminate(&mut self) -> Option<i32> {
        let pid = self.held.pid().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.held.wait()
    }
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// A connection that does not hang for ever.
pub(super) fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub(super) fn connect(address: SocketAddr) -> TcpStream {
    patient(TcpStream::connect(address).unwrap())
}

/// An upstream that does the same with each connection.
pub(super) fn upstream(serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            thread::spawn(move || serve(patient(stream)));
        }
    });
    address
}

/// An upstream that says what it hears, and ends when its client does.
pub(super) fn echo() -> SocketAddr {
    upstream(|mut stream| {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
        // The client may have gone altogether.
        let _ = stream.shutdown(Shutdown::Write);
    })
}

/// Says it, and hears the same.
pub(super) fn say(stream: &mut TcpStream, text: &[u8]) {
    stream.write_all(text).unwrap();
    let mut heard = vec![0; text.len()];
    stream.read_exact(&mut heard).unwrap();
    assert!(heard == text, "other bytes came back");
}

/// Whether the connection ends in order, and without a byte before that.
pub(super) fn has_ended(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0]), Ok(0))
}

/// Asks until it is so. Asking takes its time, so nothing else has to.
pub(super) fn until(mut ask: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !ask() {
        assert!(begun.elapsed() < DEADLINE, "it did not come about");
        thread::yield_now();
    }
}

//! `navyd mail`, met by the programs that send and read mail.

mod away;
mod browser;
mod clients;
mod commands;
mod limits;
mod senders;
mod web;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use super::support::{Standing, command};
use crate::support::run::Run;

/// How long a read may take. Generous, because it only ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running one.
pub(super) struct Mail {
    pub(super) standing: Standing,
}

impl Mail {
    /// At any ports, in memory.
    pub(super) fn start(at: &Path, options: &[&str]) -> Self {
        Self { standing: Standing::with(&mut command("mail", at, options)) }
    }

    /// Where it speaks a protocol, the first place of it.
    pub(super) fn at(&self, scheme: &str) -> SocketAddr {
        let front = format!("{scheme}://localhost:");
        let urls = self.standing.report["urls"].as_array().unwrap();
        let port = urls.iter().find_map(|url| url.as_str().unwrap().strip_prefix(&front)).unwrap();
        SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
    }

    pub(super) fn port(&self, scheme: &str) -> String {
        self.at(scheme).port().to_string()
    }

    /// Hands over one message.
    pub(super) fn send(&self, to: &str, text: &str) {
        let mut smtp = Smtp::connect(self.at("smtp"));
        smtp.say("EHLO test", 250);
        smtp.letter(to, text);
    }

    /// What is answered to a request, with its head.
    pub(super) fn ask(&self, request: &str) -> String {
        ask(self.at("http"), request)
    }

    pub(super) fn get(&self, target: &str) -> String {
        get(self.at("http"), target)
    }

    /// The document at a path.
    pub(super) fn json(&self, target: &str) -> Value {
        json(self.at("http"), target)
    }
}

fn ask(at: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    // There is no second request, whatever the first one said of its connection.
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(at: SocketAddr, target: &str) -> String {
    ask(at, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
}

pub(super) fn json(at: SocketAddr, target: &str) -> Value {
    let answer = get(at, target);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{target}: {answer}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// What is answered to a document that is posted.
fn post(mail: &Mail, path: &str, document: &Value) -> String {
    let body = document.to_string();
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close");
    mail.ask(&format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// A client of SMTP that says what a test wants.
pub(super) struct Smtp(BufReader<TcpStream>);

impl Smtp {
    pub(super) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut smtp = Self(BufReader::new(stream));
        assert_eq!(smtp.reply().0, 220);
        smtp
    }

    /// The code of the next reply, and its last line; 0 where the connection has ended.
    pub(super) fn reply(&mut self) -> (u16, String) {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap_or(0) == 0 {
                return (0, line);
            }
            if line.as_bytes().get(3) == Some(&b' ') {
                return (line[..3].parse().unwrap(), line);
            }
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// Says a line, and expects that code.
    #[track_caller]
    pub(super) fn say(&mut self, line: &str, code: u16) {
        self.write(format!("{line}\r\n").as_bytes());
        let reply = self.reply();
        assert_eq!(reply.0, code, "{line}: {}", reply.1);
    }

    /// Hands over a message; the code that it was answered with.
    pub(super) fn try_letter(&mut self, to: &str, text: &str) -> u16 {
        // Pipelined, as clients in a hurry do.
        self.write(format!("MAIL FROM:<robot@a.example>\r\nRCPT TO:<{to}>\r\nDATA\r\n").as_bytes());
        let codes = [self.reply().0, self.reply().0, self.reply().0];
        assert_eq!(codes, [250, 250, 354]);
        self.write(format!("{text}\r\n.\r\n").as_bytes());
        self.reply().0
    }

    #[track_caller]
    pub(super) fn letter(&mut self, to: &str, text: &str) {
        assert_eq!(self.try_letter(to, text), 250);
    }
}

/// A script of the tests' own, which meets packages.
pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

#[track_caller]
pub(super) fn passed(ran: &Run) {
    assert!(ran.status == Some(0) && ran.stdout.ends_with("passed\n"), "{}{}", ran.stdout, ran.stderr);
}

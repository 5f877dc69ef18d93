//! A stand-in that runs, and bytes for it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::support::{
    child::Held,
    run::{navyd, run},
};

/// A running one. Dropped, it is killed.
pub(super) struct Standing {
    pub(super) held: Held,
    /// What it says when it is ready.
    pub(super) report: Value,
}

/// `navyd WORD` at any port, with answers for programs.
pub(super) fn command(word: &str, at: &Path, options: &[&str]) -> Command {
    let mut command = navyd();
    command.args([word, "--json", "--port", "0"]).args(options).current_dir(at).env("HOME", at);
    command
}

/// Asks a process to end.
pub(super) fn terminate(pid: u32) {
    assert_eq!(run(Command::new("kill").args(["-TERM", &pid.to_string()])).status, Some(0));
}

impl Standing {
    pub(super) fn start(word: &str, at: &Path, options: &[&str]) -> Self {
        Self::with(&mut command(word, at, options))
    }

    pub(super) fn with(command: &mut Command) -> Self {
        let mut held = Held::start(command);
        let report: Value = serde_json::from_str(&held.line()).unwrap();
        assert_eq!(report["schema"], "navyd.standin/1");
        Self { held, report }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.report["addresses"][0].as_str().unwrap().parse().unwrap()
    }

    /// All that is answered to these bytes.
    pub(super) fn ask(&self, bytes: &str) -> String {
        String::from_utf8_lossy(&self.bytes(bytes)).into_owned()
    }

    /// The same, where it may be no text.
    pub(super) fn bytes(&self, bytes: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    /// The answer to `GET`.
    pub(super) fn take(&self, target: &str, fields: &str) -> String {
        self.ask(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n"))
    }
}

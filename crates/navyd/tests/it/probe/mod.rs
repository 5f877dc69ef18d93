//! Probes against real servers, each started here, asked, and stopped.
//!
//! A server is ready when its log says so; what it logged meanwhile is part of the proof. Missing programs
//! skip their test with a printed reason.

mod databases;
mod debuggers;
mod engines;
mod frontend;
mod messages;
mod web;

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::{fs::chown, process::CommandExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use navyd_host::{
    probe::{Hints, Program, Request, ask},
    process::{Process, Signal},
};
use navyd_model::{Certainty, Speaks};

use crate::support::{is_root, skip, temp::TempDir};
pub(crate) use databases::{mariadb, postgresql};

/// How long a server may take to start or to stop: slow machines initialise a database in half of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A user without rights, for servers that refuse to run as root.
const NOBODY: u32 = 65_534;

/// A child, and the lines it writes to either output.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    pub(crate) log: Vec<String>,
}

impl Server {
    /// Starts a command, and waits for a line that has `ready` in it.
    pub(crate) fn start(command: &mut Command, ready: &str) -> Self {
        // Some programs colour a pipe when `CI` is set.
        let command = command.env("NO_COLOR", "1").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(output).split(b'\n').map_while(Result::ok);
                for line in lines {
                    if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                        return;
                    }
                }
            });
        }
        let mut server = Self { child, lines, log: Vec::new() };
        server.wait_for(ready);
        server
    }

    /// The line that has `words` in it.
    fn wait_for(&mut self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.log.push(line.clone());
                    if line.contains(words) {
                        return line;
                    }
                }
                Err(_) => panic!("`{words}` was never said: {}", self.log.join("\n")),
            }
        }
    }

    /// Stops it, and gives what it logged since it was ready.
    pub(crate) fn stop(mut self) -> String {
        let ready = self.log.len();
        self.end();
        self.log[ready..].join("\n")
    }

    /// Asks it to end, and ends it where it does not.
    fn end(&mut self) {
        // A child of ours that was not waited for keeps its process id.
        if let Ok(process) = Process::open(self.child.id()) {
            let _ = process.signal(Signal::Terminate);
        }
        // Its outputs close when the last of its processes has gone.
        let deadline = Instant::now() + Duration::from_secs(10);
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.log.push(line);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where a program is; says why the test is skipped when it is nowhere.
pub(crate) fn program(test: &str, name: &str) -> Option<PathBuf> {
    let postgresql = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let own = postgresql.map(|version| version.path().join("bin").join(name)).find(|path| path.is_file());
    let found = own.or_else(|| crate::support::program(name));
    if found.is_none() {
        skip(test, &format!("`{name}` is not installed"));
    }
    found
}

/// Python of the system, whose modules are packages, when it has the module.
pub(crate) fn python(test: &str, module: &str) -> Option<PathBuf> {
    let system = PathBuf::from("/usr/bin/python3");
    let python = if system.is_file() { system } else { program(test, "python3")? };
    let has = Command::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    if has.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    skip(test, &format!("the Python module `{module}` is not installed"));
    None
}

/// A port that nobody has now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The number at the end of `line`, behind `mark`.
pub(crate) fn number_after(line: &str, mark: &str) -> u16 {
    let rest = &line[line.rfind(mark).unwrap() + mark.len()..];
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().unwrap()
}

/// Makes a command run without rights where this process has them all.
fn without_rights(command: &mut Command, folder: &TempDir) {
    if is_root() {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(folder.path());
}

fn ask_as(argv: &str, port: u16, udp: bool) -> Speaks {
    let argv = argv.split(' ').map(str::to_owned).collect();
    let programs = vec![Program { argv, ..Program::default() }];
    let hints = Hints { programs, port, udp, backlog: Some(128) };
    ask(&Request { address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), hints, budget: PATIENCE })
}

/// Asks as if nothing were known, then with the program's own name; both must say the same.
fn check(argv: &str, port: u16, protocol: &str, detail: &str) {
    for argv in ["unknown", argv] {
        check_as(argv, port, protocol, detail);
    }
}

/// Asks with hints.
fn check_as(argv: &str, port: u16, protocol: &str, detail: &str) {
    let speaks = ask_as(argv, port, false);
    assert_eq!(speaks.protocol.as_deref(), Some(protocol), "as `{argv}`: {speaks:?}");
    assert_eq!(speaks.certainty, Certainty::Observed);
    assert!(speaks.detail.as_deref().unwrap_or_default().contains(detail), "as `{argv}`: {speaks:?}");
}

//! Probes against real servers, each started here, asked, and stopped.
//!
//! A server is ready when its log says so; what it logged meanwhile is part of the proof. Missing programs
//! skip their test with a printed reason.

mod databases;
mod debuggers;
mod messages;
mod web;

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use navyd_model::{Certainty, Speaks};

use super::{Hints, Program, Request, ask};

/// How long a server may take to start or to stop: slow machines initialise a database in half of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A user without rights, for servers that refuse to run as root.
const NOBODY: u32 = 65_534;

/// A child, and the lines it writes to either output.
struct Server {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Server {
    /// Starts a command, and waits for a line that has `ready` in it.
    fn start(command: &mut Command, ready: &str) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
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
    fn stop(mut self) -> String {
        let ready = self.log.len();
        self.end();
        self.log[ready..].join("\n")
    }

    /// Asks it to end, and ends it where it does not.
    fn end(&mut self) {
        let runs = matches!(self.child.try_wait(), Ok(None));
        let pid = rustix::process::Pid::from_raw(self.child.id().cast_signed()).filter(|_| runs);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
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

/// A directory that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("navyd-probe-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A file in it.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Where a program is; prints why the test is skipped when it is nowhere.
fn program(test: &str, name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = ["/usr/bin", "/usr/sbin"].map(PathBuf::from).to_vec();
    folders.extend(std::env::split_paths(&path));
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: {test}: `{name}` is not installed");
    }
    found
}

/// Python of the system, when it has the module.
fn python(test: &str, module: &str) -> Option<PathBuf> {
    let python = program(test, "python3")?;
    let has = Command::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    if has.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    eprintln!("skipped: {test}: the Python module `{module}` is not installed");
    None
}

/// A port that nobody has now.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The number at the end of `line`, behind `mark`.
fn number_after(line: &str, mark: &str) -> u16 {
    let rest = &line[line.rfind(mark).unwrap() + mark.len()..];
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().unwrap()
}

/// Makes a command run without rights where this process has them all.
fn without_rights(command: &mut Command, folder: &Folder) {
    if rustix::process::geteuid().is_root() {
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

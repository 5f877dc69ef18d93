//! `navyd run`: real commands under their names, in terminals and out of them.
//!
//! Each test has a home of its own, with a hub of its own at a port that the system chose; the hub ends with it.

mod names;
mod plain;
mod servers;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use crate::support::{
    program, run as support_run,
    run::{Run, navyd},
    skip,
    temp::TempDir,
};

/// How long anything may take. Generous, because it only ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home without anything in it, and a project `shop`.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(TempDir::new());
        home.0.write("shop/package.json", r#"{"name": "shop"}"#);
        home
    }

    fn shop(&self) -> PathBuf {
        self.0.path().join("shop")
    }

    /// navyd in this home and its project.
    fn navyd(&self, arguments: &[&str]) -> Command {
        let mut command = navyd();
        self.settle(&mut command);
        command.args(arguments);
        command
    }

    fn settle(&self, command: &mut Command) {
        let path = self.0.path();
        command.env("NAVYD_HUB_LISTEN", "127.0.0.1:0").env("NAVYD_HUB_WORKERS", "1");
        support_run::at_home(command, path);
        command.current_dir(self.shop());
    }

    fn answer(&self, arguments: &[&str]) -> Run {
        support_run::run(&mut self.navyd(arguments))
    }

    /// `navyd run` of this command.
    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::start(self.navyd(&["run"]).args(arguments))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.navyd(&["hub", "stop"]).output();
    }
}

/// A command that runs, and the lines of both its outputs.
struct Ran {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    log: Vec<String>,
}

/// `http://HOST:PORT → ADDRESS`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    host: String,
    port: u16,
    leads: String,
}

impl Ran {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start {command:?}: {error}"));
        let (say, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let say = say.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                    if say.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                        return;
                    }
                }
            });
        }
        let stdin = child.stdin.take();
        Self { child, stdin, lines, log: Vec::new() }
    }

    /// The next line that has `words` in it.
    fn line(&mut self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.log.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
        panic!("`{words}` was never said:\n{}", self.log.join("\n"));
    }

    /// The next line that says its name.
    fn named(&mut self) -> Named {
        let line = self.line(" → ");
        let (url, leads) = line.split_once(" → ").unwrap();
        let (host, port) = url.strip_prefix("http://").unwrap().rsplit_once(':').unwrap();
        Named { host: host.into(), port: port.parse().unwrap(), leads: leads.into() }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Its exit status, once its standard input has ended; and every line that it wrote.
    fn end(mut self) -> (Option<i32>, String) {
        self.stdin = None;
        let status = self.child.wait().unwrap();
        // Both outputs close when the helper has gone as well.
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.log.push(line);
        }
        (status.code(), self.log.join("\n"))
    }
}

impl Drop for Ran {
    fn drop(&mut self) {
        // Until it is waited for, its number is its own, and that of its group: npm leaves what it started alive.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Named {
    /// What a `GET` of `/` through the gateway is answered with: head and body.
    fn answer(&self) -> String {
        answer(self.ask())
    }

    /// Sends a `GET` of `/`.
    fn ask(&self) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n\r\n", self.host, self.port)
            .unwrap();
        stream
    }
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The path of a program, or says why the test is skipped.
fn needed(test: &str, name: &str) -> Option<String> {
    let found = program(name);
    if found.is_none() {
        skip(test, &format!("`{name}` is not installed"));
    }
    found.map(|path| path.to_string_lossy().into_owned())
}

/// A server in Node that answers with `text`, at `address` (`PORT` or a text in JavaScript).
fn node_server(text: &str, port: &str, host: &str) -> String {
    format!("require('http').createServer((q,r)=>r.end('{text}')).listen({port},'{host}')")
}

/// The port that the command itself listens on; 0 while it does not.
fn port_of(run: &Ran) -> u16 {
    let scope = navyd_host::listeners::Scope { udp: false, namespaces: false, ..Default::default() };
    let seen = navyd_host::listeners::listeners(&scope).unwrap();
    let own =
        |listener: &&navyd_model::Listener| listener.holders.iter().any(|one| one.pid == run.child.id());
    seen.listeners.iter().find(own).and_then(|listener| listener.port).unwrap_or_default()
}

/// Asks again until it is so. Each question is a process, so that nothing spins.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
    }
}

fn write_program(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.write(name, text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity =
        ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"];
    let ran = Command::new("git").args(identity).args(arguments).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

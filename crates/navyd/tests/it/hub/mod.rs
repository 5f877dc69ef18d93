//! The daemon: its life, who may ask it what, and the commands that talk to it. Each test has a hub of its own, in
//! directories and at a port of its own.

mod api;
mod authority;
mod events;
mod guard;
mod killed;
mod life;
mod places;
mod ports;
mod routes;
mod systemd;
mod units;

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::support::{
    child::Held,
    run::{Run, at_home, navyd, run},
    temp::TempDir,
};

/// How long a socket may be silent. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(30);

/// The home of one user, in which a hub may run.
pub(crate) struct Home {
    folder: TempDir,
}

/// A hub in the foreground. Dropped, it is killed.
pub(crate) struct Foreground {
    held: Held,
    /// What it said when it was ready.
    status: Value,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { folder: TempDir::new() };
        for name in ["run", "state", "config", "data"] {
            let path = home.folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A navyd of this user, whose hub takes any free port.
    pub(crate) fn navyd(&self, arguments: &[&str]) -> Command {
        let mut command = navyd();
        self.at_home(&mut command);
        command.args(arguments).env("NAVYD_HUB_LISTEN", "127.0.0.1:0");
        command
    }

    fn at_home(&self, command: &mut Command) {
        at_home(command, self.folder.path());
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        run(&mut self.navyd(arguments))
    }

    /// Runs a command that must succeed, and reads its document.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[&["--json"], arguments].concat());
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {ran:?}"))
    }

    /// Starts a hub and waits until it answers.
    pub(crate) fn hub(&self) -> Foreground {
        self.hub_in(&[], &[])
    }

    /// The same with more flags.
    pub(crate) fn hub_with(&self, flags: &[&str]) -> Foreground {
        self.hub_in(&[], flags)
    }

    /// The same, begun by this program with these arguments in front of navyd's own.
    pub(crate) fn hub_in(&self, around: &[&str], flags: &[&str]) -> Foreground {
        let navyd = self.navyd(&[&["hub", "--json"], flags].concat());
        let own = [navyd.get_program()].into_iter().chain(navyd.get_args());
        let mut words = around.iter().map(std::ffi::OsStr::new).chain(own);
        let mut command = Command::new(words.next().unwrap());
        for (name, value) in navyd.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut held = Held::start(command.args(words).stderr(Stdio::null()));
        let status: Value = serde_json::from_str(&held.line()).unwrap();
        assert_eq!(status["schema"], "navyd.hub-status/1");
        Foreground { held, status }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("run/navyd/hub.sock")
    }

    /// Asks over the socket, as a command does.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        ask(stream, method, path, "Host: navyd\r\n", body).unwrap()
    }

    /// The process of the hub that runs here, as it says itself.
    fn pid(&self) -> u64 {
        self.json(&["hub", "status"])["pid"].as_u64().expect("a hub runs")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // One in the background would outlive the test. Told twice, it waits for nothing.
        if self.socket().exists() {
            for _ in 0..2 {
                self.run(&["hub", "stop", "--timeout", "2s"]);
            }
        }
    }
}

impl Foreground {
    pub(crate) fn address(&self) -> SocketAddr {
        self.status["listen"][0].as_str().unwrap().parse().unwrap()
    }

    /// Asks through its port, with fields of a head; its own host is there already.
    pub(crate) fn ask(&self, method: &str, path: &str, fields: &str, body: &str) -> Answer {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        ask(stream, method, path, &format!("Host: {}\r\n{fields}", self.address()), body).unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.held.pid()
    }

    /// Waits until it ends by itself: its exit status, or `None` when a signal ended it.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.held.wait()
    }

    /// Sends a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.held.pid().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// One request on a connection of its own.
fn ask(
    mut stream: impl std::io::Read + std::io::Write,
    method: &str,
    path: &str,
    fields: &str,
    body: &str,
) -> std::io::Result<Answer> {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let request = format!(
        "{method} {path} HTTP/1.1\r\n{fields}{kind}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end =
        bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let (head, body) = (String::from_utf8_lossy(&bytes[..end]).into_owned(), &bytes[end + 4..]);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or(std::io::ErrorKind::InvalidData)?;
    let is_chunked = head.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked");
    let body = if is_chunked { without_chunks(body) } else { Some(body.to_vec()) };
    let body = body.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok(Answer { status, head, body: String::from_utf8_lossy(&body).into_owned() })
}

/// A body without its chunks (RFC 9112 §7.1); `None` when it was cut short. An event stream has none that ends.
fn without_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        rest = &rest[line + 2..];
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length + 2..)?;
    }
}

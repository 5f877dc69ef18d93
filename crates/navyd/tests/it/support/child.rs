//! A child process that ends with its test.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long a child may take to say its line. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(30);

/// A running child. Dropping it ends it, by its own process id, and waits for it.
pub(crate) struct Held {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
}

impl Held {
    /// Starts a command whose standard output is read line by line, and whose standard input stays open until
    /// [`Held::close_stdin`].
    ///
    /// # Panics
    /// When it cannot be started.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start {command:?}: {error}"));
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let (say, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.split(b'\n').map_while(Result::ok) {
                if say.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        Self { child, stdin, lines }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line it prints, without its end: how a child says that it is ready, and on which port.
    ///
    /// # Panics
    /// When it ends, or half a minute passes, without one.
    pub(crate) fn line(&mut self) -> String {
        self.lines.recv_timeout(DEADLINE).unwrap_or_else(|error| {
            panic!("process {} printed no line: {error}; status {:?}", self.pid(), self.child.try_wait())
        })
    }

    /// Writes a line to its standard input.
    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("its standard input is still open");
        stdin.write_all(format!("{line}\n").as_bytes()).expect("it still reads");
    }

    /// Closes its standard input.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Waits until it ends by itself: its exit status, or `None` when a signal ended it.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.close_stdin();
        self.child.wait().expect("a child of ours can be waited for").code()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Until it is waited for, its process id is not given to anyone else.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_child_says_its_lines_and_hears_ours() {
    let mut child =
        Held::start(Command::new("sh").args(["-c", "echo ready; read word; echo got $word; exit 7"]));
    assert_eq!(child.line(), "ready");
    child.say("tea");
    assert_eq!(child.line(), "got tea");
    assert_eq!(child.wait(), Some(7));
}

#[test]
fn a_dropped_child_is_gone() {
    let child = Held::start(Command::new("cat").env("LC_ALL", "C"));
    let proc = format!("/proc/{}", child.pid());
    assert!(std::path::Path::new(&proc).exists());
    drop(child);
    assert!(!std::path::Path::new(&proc).exists());
}

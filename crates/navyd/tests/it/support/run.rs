//! Running navyd, and any other program that ends by itself.

use std::{
    env,
    io::Read,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

/// How long a program may take. Generous, because it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// What a program did.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit status; `None` when a signal ended it.
    pub(crate) status: Option<i32>,
    /// What it answered; U+FFFD for what is not UTF-8.
    pub(crate) stdout: String,
    /// What it said besides.
    pub(crate) stderr: String,
}

/// A document that a program answered with, and how it ended.
#[derive(Debug)]
pub(crate) struct Told {
    /// The document.
    pub(crate) document: Value,
    /// The exit status; `None` when a signal ended it.
    pub(crate) status: Option<i32>,
}

/// Gives a program this home alone: whatever it keeps or looks for is below it.
pub(crate) fn at_home(command: &mut Command, home: &Path) {
    command.env("HOME", home);
    for (name, folder) in [
        ("XDG_RUNTIME_DIR", "run"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
    ] {
        command.env(name, home.join(folder));
    }
}

impl Run {
    /// The document that was answered.
    ///
    /// # Panics
    /// When the answer is none.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Told {
    /// Runs a command that answers with a document, to its end.
    ///
    /// # Panics
    /// When it does not; and as [`run`].
    #[track_caller]
    pub(crate) fn by(command: &mut Command) -> Self {
        let ran = run(command);
        Self { document: ran.json(), status: ran.status }
    }
}

/// The navyd under test, without the settings of whoever runs the tests: no `NAVYD_*`, no `XDG_*`, no colour.
pub(crate) fn navyd() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_navyd"));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("NAVYD") || text.starts_with("XDG_") {
            command.env_remove(&name);
        }
    }
    command.env("NO_COLOR", "1").env("TERM", "dumb").env("TZ", "UTC");
    command
}

/// Runs a command to its end, with nothing to read. Both streams are read at the same time, so neither fills.
///
/// # Panics
/// When it cannot be started, and when it takes more than a minute: then it is ended first.
pub(crate) fn run(command: &mut Command) -> Run {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("start {command:?}: {error}"));
    let stdout = drain(child.stdout.take().expect("stdout is piped"));
    let stderr = drain(child.stderr.take().expect("stderr is piped"));
    let text = |stream: mpsc::Receiver<Vec<u8>>| {
        stream.recv_timeout(DEADLINE).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let (Ok(stdout), Ok(stderr)) = (text(stdout), text(stderr)) else {
        let _ = child.kill();
        let _ = child.wait();
        panic!("{command:?} did not end within {DEADLINE:?}");
    };
    let status = child.wait().expect("a child of ours can be waited for");
    Run { status: status.code(), stdout, stderr }
}

fn drain(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (whole, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = whole.send(bytes);
    });
    receiver
}

#[test]
fn run_tells_status_and_both_streams() {
    let ran = run(Command::new("sh").args(["-c", "echo answer; echo talk >&2; exit 3"]));
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (Some(3), "answer\n", "talk\n"));
}

#[test]
fn navyd_runs_without_the_settings_of_the_user() {
    let command = navyd();
    let set: Vec<_> = command.get_envs().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect();
    assert_eq!(set, ["NO_COLOR", "TERM", "TZ"]);
}

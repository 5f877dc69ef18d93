//! Seeing, on real input: what `navyd ls` tells of sockets and processes that these tests made.
//!
//! Who makes a socket says what it made, and that is what must be shown: no expectation comes from another tool.
//! Sockets that the rest of the machine must not meet live in a network namespace; users are numbers that nobody
//! has, one for each test, because a process of the same user changes what may be concluded.

mod churn;
mod connections;
mod containers;
mod filters;
mod holders;
mod hostile;
mod many;
mod namespaces;
mod projects;
mod published;
mod refused;
mod sockets;
pub(crate) mod terminal;
mod watch;

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::support::{
    child::Held,
    is_root, program,
    run::{Run, navyd, run},
    skip,
    temp::TempDir,
};

/// A python child that prints lines and ends with its standard input.
fn python(script: &str) -> Command {
    let mut command = Command::new(interpreter());
    command.args(["-c", script]);
    command
}

/// The system's interpreter before one that a version manager keeps where other users may not look.
fn interpreter() -> PathBuf {
    let system = PathBuf::from("/usr/bin/python3");
    if system.exists() { system } else { program("python3").unwrap_or(system) }
}

/// What the next line of a child says in JSON.
fn told(child: &mut Held) -> Value {
    let line = child.line();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// The wrapper with navyd behind it, in the surroundings of [`navyd`].
fn through(mut wrapper: Command, binary: impl AsRef<OsStr>) -> Command {
    wrapper.arg(binary);
    for (name, value) in navyd().get_envs() {
        match value {
            Some(value) => wrapper.env(name, value),
            None => wrapper.env_remove(name),
        };
    }
    wrapper
}

/// What `command` answers in JSON, which must be an answer: status 0 and a document.
fn document(command: &mut Command) -> Value {
    let ran = run(command.arg("--json"));
    assert_eq!(ran.status, Some(0), "{command:?}: {ran:?}");
    parsed(&ran)
}

fn parsed(ran: &Run) -> Value {
    let document: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{ran:?}: {error}"));
    assert_eq!(document["schema"], "navyd.ls/1");
    document
}

/// `navyd ls` with these arguments.
fn ls<const N: usize>(args: [&str; N]) -> Command {
    let mut command = navyd();
    command.arg("ls").args(args);
    command
}

/// The listeners of a document that are of the reader's own namespace.
fn own(document: &Value) -> Vec<&Value> {
    let all = document["listeners"].as_array().expect("a list of listeners");
    all.iter().filter(|listener| listener["netns"].is_null()).collect()
}

/// The TCP listener on 127.0.0.1 that has this port, in the reader's own namespace.
fn only(document: &Value, port: u64) -> &Value {
    the(document, "tcp", "127.0.0.1", port)
}

/// The only listener of the reader's own namespace in this place. A port alone does not tell: another test may be
/// given the same one on another address.
fn the<'a>(document: &'a Value, proto: &str, address: &str, port: u64) -> &'a Value {
    let here = |one: &&Value| one["proto"] == proto && one["address"] == address && one["port"] == port;
    let found: Vec<_> = own(document).into_iter().filter(here).collect();
    assert_eq!(found.len(), 1, "{proto} {address} {port}: {document:#}");
    found[0]
}

/// The process ids of a listener's holders.
fn pids(listener: &Value) -> Vec<u64> {
    let holders = listener["holders"].as_array().expect("a list of holders");
    holders.iter().filter_map(|holder| holder["pid"].as_u64()).collect()
}

/// A user that nobody is, and a navyd that it may run.
struct User {
    uid: String,
    folder: TempDir,
}

impl User {
    /// `None`, with the reason said, where the tests may not become another user.
    fn new(test: &str, uid: u32) -> Option<Self> {
        if !is_root() || program("setpriv").is_none() {
            skip(test, "becoming another user needs root and `setpriv`");
            return None;
        }
        let folder = TempDir::new();
        for path in [folder.path().to_owned(), folder.path().join("navyd")] {
            if !path.exists() {
                fs::copy(env!("CARGO_BIN_EXE_navyd"), &path).expect("a copy of navyd");
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our own file");
        }
        Some(Self { uid: uid.to_string(), folder })
    }

    /// The wrapper that becomes this user; the program is put behind it.
    fn wrapper(&self, mut outer: Command) -> Command {
        outer.args(["--reuid", &self.uid, "--regid", &self.uid, "--clear-groups", "--"]);
        outer
    }

    /// A command of this user.
    fn command(&self, program: &Command) -> Command {
        let mut command = self.wrapper(Command::new("setpriv"));
        command.arg(program.get_program()).args(program.get_args()).current_dir("/");
        command
    }

    /// Where its navyd is.
    fn binary(&self) -> PathBuf {
        self.folder.path().join("navyd")
    }

    /// `navyd ls` as this user.
    fn ls<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = through(self.wrapper(Command::new("setpriv")), self.binary());
        command.arg("ls").args(args).current_dir("/");
        command
    }
}

/// Builds a C program of one file; or says why not.
fn compile(test: &str, folder: &Path, name: &str, source: &str) -> Option<PathBuf> {
    let Some(compiler) = program("cc") else {
        skip(test, "`cc` is not installed");
        return None;
    };
    let (file, binary) = (folder.join(format!("{name}.c")), folder.join(name));
    fs::write(&file, source).expect("our own folder");
    let built = run(Command::new(compiler).arg("-pthread").arg("-o").arg(&binary).arg(&file));
    assert_eq!(built.status, Some(0), "{}", built.stderr);
    Some(binary)
}

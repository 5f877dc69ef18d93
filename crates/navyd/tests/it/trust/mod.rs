//! `navyd trust` on the real stores of a machine that nobody else sees: real tools, real clients, real handshakes.

mod browser;
mod consent;
mod databases;
mod marionette;
mod system;
mod uninstall;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::support::{
    is_root, program,
    run::{Run, navyd, run},
    skip,
    temp::TempDir,
};

/// What people and machines set so that clients trust something: a test decides that by itself.
const SETTINGS: [&str; 9] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "DENO_CERT",
    "JAVA_HOME",
    "SUDO_USER",
];

/// A user of this machine with a home of their own.
struct User {
    home: TempDir,
}

impl User {
    fn new() -> Self {
        Self { home: TempDir::new() }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    fn command(&self, mut command: Command) -> Command {
        for name in SETTINGS {
            command.env_remove(name);
        }
        command.env("HOME", self.home.path());
        command
    }

    fn navyd(&self, args: &[&str]) -> Run {
        run(self.command(navyd()).args(args))
    }
}

/// A machine of a test's own: what is written below `/etc`, `/usr/local` and `/var` stays in a directory that vanishes
/// with it. Everything else, the network above all, is the real one's.
struct Apart {
    user: User,
    layers: TempDir,
}

/// Lays the layers over the folders in a mount namespace, and becomes the program.
const ENTER: &str = "set -e; layers=$1; shift; mount --make-rprivate /
for folder in etc usr/local var; do
    mkdir -p $layers/$folder/up $layers/$folder/work
    mount -t overlay overlay -o lowerdir=/$folder,upperdir=$layers/$folder/up,workdir=$layers/$folder/work /$folder
done
exec \"$@\"";

impl Apart {
    /// Makes one; or says why the test is skipped, and is `None`.
    fn new(test: &str) -> Option<Self> {
        let made = Self { user: User::new(), layers: TempDir::new() };
        let reason = if !is_root() {
            "a mount namespace needs root".to_owned()
        } else if program("unshare").is_none() {
            "`unshare` is not installed".to_owned()
        } else {
            let tried = made.run(&["true"]);
            if tried.status == Some(0) {
                return Some(made);
            }
            format!("no mount namespace: {}", tried.stderr.trim())
        };
        skip(test, &reason);
        None
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", ENTER, "sh"]).arg(self.layers.path()).args(args);
        let mut command = self.user.command(command);
        command.env("NO_COLOR", "1").env("TERM", "dumb").env("TZ", "UTC");
        for name in ["XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        run(&mut self.command(args))
    }

    fn navyd(&self, args: &[&str]) -> Run {
        self.run(&[&[env!("CARGO_BIN_EXE_navyd")], args].concat())
    }

    /// What a program prints; it must succeed.
    fn printed(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.status, Some(0), "{args:?}: {}", ran.stderr);
        ran.stdout
    }
}

/// What `status --json` says, with the exit status it had.
fn status(ran: &Run) -> Value {
    assert!(matches!(ran.status, Some(0 | 1)), "{}", ran.stderr);
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(found["schema"], "navyd.trust/1");
    found
}

/// The verdict on a client: by itself, and as a service.
fn verdict(status: &Value, client: &str) -> (String, Option<String>) {
    let asked = status["clients"].as_array().unwrap().iter().find(|asked| asked["client"] == client);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let asked = asked.unwrap_or_else(|| panic!("{client} was not asked: {status}"));
    (text(&asked["verdict"]).unwrap(), text(&asked["as_service"]))
}

/// The state of each place of a store.
fn states(status: &Value, store: &str) -> Vec<String> {
    let stores = status["stores"].as_array().unwrap().iter().filter(|found| found["store"] == store);
    stores.map(|found| found["state"].as_str().unwrap().to_owned()).collect()
}

/// The name by which stores know the authority of a user.
fn name(status: &Value) -> String {
    status["authority"]["name"].as_str().unwrap().to_owned()
}

/// Whether a tool is there; if not, the test is skipped.
fn needs(test: &str, tools: &[&str]) -> bool {
    let missing = tools.iter().find(|tool| program(tool).is_none());
    if let Some(tool) = missing {
        skip(test, &format!("`{tool}` is not installed"));
    }
    missing.is_none()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

//! `navyd doctor` on localhosts that are ill for real: each scene is a network namespace of its own with one thing
//! wrong, gone with its test.

mod both;
mod bundle;
mod config;
mod mend;
mod network;
mod terminal;
mod trace;
mod traced;

use std::{fs, process::Command};

use serde_json::Value;

use super::support::{
    child::Held,
    namespace::Namespace,
    program,
    run::{Told, navyd, run},
    skip,
    temp::TempDir,
};

/// The rows of this room: others judge the machine that the tests run on, which may be ill.
const ROWS: [&str; 15] = [
    "lo-up",
    "lo-device",
    "loopback-addresses",
    "connect",
    "route-localnet",
    "bindv6only",
    "ephemeral-range",
    "our-port",
    "backlog",
    "time-wait",
    "conntrack",
    "firewall-drop",
    "firewall-reject",
    "redirect",
    "legacy-iptables",
];

/// A network namespace with something wrong.
struct Ill(Namespace);

impl Ill {
    /// A healthy one, where these programs are there.
    fn new(test: &str, programs: &[&str]) -> Option<Self> {
        if let Some(missing) = programs.iter().find(|name| program(name).is_none()) {
            skip(test, &format!("`{missing}` is not installed"));
            return None;
        }
        Some(Self(Namespace::new(test)?))
    }

    /// Runs something that must succeed.
    fn must(&self, line: &str) -> &Self {
        let ran = run(self.0.command("sh").args(["-c", line]));
        assert_eq!(ran.status, Some(0), "{line}: {}", ran.stderr);
        self
    }

    /// A chain of table `inet t`, and a rule in it.
    fn chain(&self, name: &str, hook: &str, rule: &str) -> &Self {
        let chain = format!("{{ type filter hook {hook} priority 0; }}");
        self.must(&format!("nft 'add table inet t; add chain inet t {name} {chain}'"));
        self.must(&format!("nft 'add rule inet t {name} {rule}'"))
    }

    /// A Python program that prints its port, and then stays until its standard input ends.
    fn actor(&self, scene: &str) -> (Held, u16) {
        let script =
            format!("import socket, sys\n{scene}\nprint(s.getsockname()[1], flush=True)\nsys.stdin.read()");
        let mut actor = Held::start(self.0.command("python3").args(["-c", &script]));
        let port = actor.line().parse().expect("its first line is a port");
        (actor, port)
    }

    /// What the doctor says.
    fn doctor(&self) -> Report {
        Report::of(self.0.command(path()).args(["doctor", "--json"]))
    }
}

/// A navyd that every user may run: the folder of the build may be closed to others.
struct Copied(TempDir);

impl Copied {
    fn new() -> Self {
        let folder = TempDir::new();
        fs::copy(path(), folder.path().join("navyd")).unwrap();
        let opened = run(Command::new("chmod").args(["-R", "a+rx"]).arg(folder.path()));
        assert_eq!(opened.status, Some(0), "{}", opened.stderr);
        Self(folder)
    }

    /// It, as nobody.
    fn stranger(&self, ill: &Ill) -> Command {
        let mut command = ill.0.command("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        command.arg(self.0.path().join("navyd"));
        command
    }
}

/// What `navyd doctor --json` tells.
struct Report(Told);

impl Report {
    fn of(command: &mut Command) -> Self {
        Self(Told::by(command))
    }

    #[track_caller]
    fn row(&self, id: &str) -> &Value {
        let rows = self.0.document["checks"].as_array().unwrap();
        rows.iter()
            .find(|row| row["id"] == id)
            .unwrap_or_else(|| panic!("no row {id}: {:#}", self.0.document))
    }

    /// A row's state, and a word that it says.
    #[track_caller]
    fn is(&self, id: &str, state: &str, said: &str) -> &Self {
        let row = self.row(id);
        assert_eq!(row["state"], state, "{row:#}");
        assert!(row.to_string().contains(said), "`{said}` is not said: {row:#}");
        self
    }

    /// The rows that warn or fail are these, and the exit status is that of findings.
    #[track_caller]
    fn finds(&self, expected: &[&str]) -> &Self {
        let rows = self.0.document["checks"].as_array().unwrap();
        let finding = |row: &&Value| row["state"] == "warn" || row["state"] == "fail";
        let found: Vec<&str> = rows
            .iter()
            .filter(finding)
            .filter_map(|row| row["id"].as_str())
            .filter(|id| ROWS.contains(id))
            .collect();
        assert_eq!(found, expected, "{:#}", self.0.document);
        if !expected.is_empty() {
            assert_eq!(self.0.status, Some(1));
        }
        self
    }

    /// What connecting to an address of the matrix did.
    #[track_caller]
    fn connected(&self, address: &str) -> &str {
        let all = self.0.document["matrix"].as_array().unwrap();
        let at = |attempt: &&Value| attempt["address"].as_str().unwrap().starts_with(address);
        all.iter().find(at).expect("it was tried")["result"].as_str().unwrap()
    }
}

/// The navyd under test.
fn path() -> String {
    navyd().get_program().to_str().expect("cargo's paths are UTF-8").to_owned()
}

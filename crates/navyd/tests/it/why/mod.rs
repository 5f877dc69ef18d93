//! `navyd why` against causes that exist for real: sockets in every state, rules, namespaces and processes, made
//! by small actors and gone with their test. Each test names the one cause that it creates.

mod network;
mod oracle;
mod process;
mod sockets;

use std::process::Command;

use super::support::{
    child::Held,
    is_root,
    namespace::Namespace,
    program,
    run::{Told, navyd, run},
    skip,
};

/// Where a scene plays: a network namespace of its own for root, with all ports free and rules that bother
/// nobody; otherwise this machine, with ports that the kernel chose.
struct Ground(Option<Namespace>);

impl Ground {
    /// Anywhere. `None` where no namespace can be made although we are root, or without Python.
    fn any(test: &str) -> Option<Self> {
        if program("python3").is_none() {
            skip(test, "`python3` is not installed");
            return None;
        }
        if is_root() { Self::own(test) } else { Some(Self(None)) }
    }

    /// A namespace, for what changes more than sockets.
    fn own(test: &str) -> Option<Self> {
        Some(Self(Some(Namespace::new(test)?)))
    }

    /// A namespace with `nft`.
    fn with_rules(test: &str) -> Option<Self> {
        if program("nft").is_none() {
            skip(test, "`nft` is not installed");
            return None;
        }
        Self::own(test)
    }

    fn command(&self, program: &str) -> Command {
        match &self.0 {
            Some(namespace) => namespace.command(program),
            None => Command::new(program),
        }
    }

    /// Runs something that must succeed.
    fn must(&self, line: &str) {
        let mut words = line.split(' ');
        let ran = run(self.command(words.next().unwrap()).args(words));
        assert_eq!(ran.status, Some(0), "{line}: {}", ran.stderr);
    }

    /// Loads rules for `nft`.
    fn rules(&self, text: &str) {
        let ran = run(self.command("nft").arg(text));
        assert_eq!(ran.status, Some(0), "{text}: {}", ran.stderr);
    }

    /// A Python program that prints its port, and then stays until its standard input ends.
    fn actor(&self, scene: &str) -> (Held, u16) {
        let mut actor =
            Held::start(self.command("python3").args(["-c", &format!("{PRELUDE}\n{scene}\nstay()")]));
        let port = actor.line().parse().expect("its first line is a port");
        (actor, port)
    }

    /// What navyd answers.
    fn why(&self, target: &str) -> Told {
        Told::by(self.command(&path()).env("NAVYD_PROBE", "0").args(["why", target, "--json"]))
    }
}

/// What every actor may use: sockets in one word, and its port told.
const PRELUDE: &str = "
import os, select, struct, sys
from socket import *
def tcp(address, port=0, reuse=True, share=False, only=None):
    s = socket(AF_INET6 if ':' in address else AF_INET, SOCK_STREAM)
    if reuse: s.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    if share: s.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
    if only is not None: s.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, only)
    s.bind((address, port))
    return s
def listening(*args, backlog=16, **kwargs):
    s = tcp(*args, **kwargs)
    s.listen(backlog)
    return s
def port(s): return s.getsockname()[1]
def say(what): print(what, flush=True)
def stay(): sys.stdin.read()
";

impl Told {
    /// The verdict and the exit status that belongs to it; and a word of its proof.
    #[track_caller]
    fn is(&self, verdict: &str, status: i32, evidence: &str) -> &Self {
        assert_eq!(self.document["verdict"], verdict, "{:#}", self.document);
        assert_eq!(self.status, Some(status), "{:#}", self.document);
        assert_eq!(self.document["causes"][0]["id"], verdict);
        self.has(verdict, evidence)
    }

    /// A cause among the others, and a word of its proof.
    #[track_caller]
    fn has(&self, cause: &str, evidence: &str) -> &Self {
        let causes = self.document["causes"].as_array().unwrap();
        let found = causes.iter().find(|found| found["id"] == cause);
        let text = found.and_then(|found| found["evidence"].as_str());
        assert!(
            text.is_some_and(|text| text.contains(evidence)),
            "no {cause} with `{evidence}`: {:#}",
            self.document
        );
        self
    }

    /// The result of connecting to an address, and the pid of who answered.
    fn connected(&self, address: &str) -> (String, Option<u64>) {
        let all = self.document["connect"].as_array().unwrap();
        let found =
            all.iter().find(|attempt| attempt["address"].as_str().unwrap().starts_with(address)).unwrap();
        (found["result"].as_str().unwrap().to_owned(), found["answered_by"]["pid"].as_u64())
    }
}

/// The navyd under test.
fn path() -> String {
    navyd().get_program().to_str().expect("cargo's paths are UTF-8").to_owned()
}

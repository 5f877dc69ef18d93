//! What is dangerous, planted here and found; and the clean twin beside it, of which nothing is said.

mod accounts;
mod asked;
mod credentials;
mod etiquette;
mod face;
mod matrix;
mod planted;
mod processes;
mod reach;
mod score;
mod tls;
mod tools;
mod watch;

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

use crate::support::{
    child::Held,
    run::{Run, navyd, run},
    temp::TempDir,
};

/// The checks that need answers.
const ASKED: [&str; 14] =
    ["A10", "A11", "A12", "A20", "A21", "A22", "A30", "A31", "A32", "A33", "A34", "A35", "A36", "A37"];

/// How often a listener is asked that had no time to answer within its second: other tests need the processor too.
const ATTEMPTS: usize = 60;

/// A stand-in for a program of this name, which behaves as the JSON says; and its port.
fn stand_in(folder: &TempDir, name: &str, behaviour: &Value) -> (Held, u16) {
    let script = folder.write(name, include_str!("stand_in.py"));
    let mut command = Command::new("python3");
    command.arg(script).current_dir(folder.path()).env("BEHAVIOUR", behaviour.to_string());
    let mut held = Held::start(&mut command);
    let port = held.line().parse().unwrap();
    (held, port)
}

/// What is said of this port when it is asked, once it had time to answer everything.
fn ask(port: u16, command: impl FnMut() -> Command) -> Vec<Value> {
    findings(&ask_for(&ASKED.join(","), &port.to_string(), command))
}

/// The document of these checks about this listener, once it had time to answer everything.
fn ask_for(checks: &str, target: &str, mut command: impl FnMut() -> Command) -> Value {
    for _ in 0..ATTEMPTS {
        let answered = run(command().args(["--json", "audit", target, "--probe", "--only", checks]));
        let document = answered.json();
        let unknown = document["unknown"].as_array().unwrap();
        if unknown.iter().any(|note| note.as_str().unwrap().contains("questions in the second")) {
            continue;
        }
        return document;
    }
    panic!("{target} never answered everything within its second");
}

fn findings(document: &Value) -> Vec<Value> {
    document["findings"].as_array().unwrap().clone()
}

/// The checks that found something.
fn ids(findings: &[Value]) -> BTreeSet<String> {
    findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

fn show(port: u16) -> Run {
    run(navyd().args(["audit", &port.to_string(), "--show-probes"]))
}

//! The clients that people have, unmodified.

use std::{path::Path, process::Command};

use super::{Toxiproxy, echo};
use crate::support::{
    peers,
    run::{Run, run},
};

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

fn passed(ran: &Run) {
    assert!(ran.status == Some(0) && ran.stdout.ends_with("passed\n"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_client_for_node() {
    let test = "toxiproxy::clients::the_client_for_node";
    let package = "toxiproxy-node-client/package.json";
    if peers::npm(test, package).is_none() {
        return;
    }
    let toxiproxy = Toxiproxy::start(&[]);
    let mut node = Command::new("node");
    node.arg(script("toxiproxy_client.cjs")).env("NODE_PATH", peers::modules());
    passed(&run(node.args([format!("http://{}", toxiproxy.api), echo().to_string()])));
}

#[test]
fn the_client_for_python() {
    let test = "toxiproxy::clients::the_client_for_python";
    let Some(package) = peers::pypi(test, "toxiproxy/__init__.py") else { return };
    let toxiproxy = Toxiproxy::start(&[]);
    let mut python = Command::new("python3");
    python.arg(script("toxiproxy_client.py")).env("PYTHONPATH", package.ancestors().nth(2).unwrap());
    let api = [toxiproxy.api.ip().to_string(), toxiproxy.api.port().to_string()];
    passed(&run(python.args(api).arg(echo().to_string())));
}

#[test]
fn an_experiment_of_the_chaos_toolkit() {
    let test = "toxiproxy::clients::an_experiment_of_the_chaos_toolkit";
    let Some(package) = peers::pypi(test, "chaostoxi/__init__.py") else { return };
    let toxiproxy = Toxiproxy::start(&[]);
    let mut python = Command::new("python3");
    python.arg(script("chaos.py")).env("PYTHONPATH", package.ancestors().nth(2).unwrap());
    passed(&run(python.args([toxiproxy.api.to_string(), echo().to_string()])));
}

//! HTTP/2 through the gateway: clients and servers that people use, and frames written by hand.

mod bodies;
mod calls;
mod clients;
mod floods;
mod strict;
mod websocket;

use std::process::Command;

use crate::support::{
    program,
    run::{Run, run},
    skip,
};

/// The interpreter that has the packages of the distribution.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

/// Whether Python has this module; otherwise says that the test is skipped.
pub(crate) fn has_module(test: &str, module: &str) -> bool {
    let found = run(Command::new("sh").args(["-c", &format!("{PYTHON} -c 'import {module}'")]));
    if found.status != Some(0) {
        skip(test, &format!("the Python module `{module}` is not installed"));
    }
    found.status == Some(0)
}

/// Whether these programs are there; otherwise says that the test is skipped.
fn has_programs(test: &str, names: &[&str]) -> bool {
    let missing = names.iter().find(|name| program(name).is_none());
    if let Some(name) = missing {
        skip(test, &format!("`{name}` is not installed"));
    }
    missing.is_none()
}

/// What a script of Node says, and nothing else.
fn node(script: &str, args: &[&str]) -> String {
    said(run(Command::new("node").args(["-e", script]).args(args)))
}

/// What a script of Python says, and nothing else.
fn python(script: &str, args: &[&str]) -> String {
    said(run(Command::new(PYTHON).args(["-c", script]).args(args)))
}

fn said(ran: Run) -> String {
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout
}

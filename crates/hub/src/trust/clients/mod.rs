//! Programs that can be asked whether they trust the authority, a leaf for each.
//!
//! Each is told not to read its user's settings where these could turn verification off, and to use no proxy.

mod chromium;
mod curl;
mod java;
mod node;
mod openssl;
mod python;

use std::time::Duration;

use super::{machine::Machine, run::Call};

/// Every client, in the order in which they are asked.
pub const CLIENTS: &[&dyn Client] =
    &[&curl::Curl, &openssl::OpenSsl, &python::Python, &node::Node, &java::Java, &chromium::Chromium];

/// A program that speaks TLS.
pub trait Client: Sync {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// How it is made to ask `https://localhost:PORT/PATH`.
    fn ask(&self, machine: &dyn Machine, port: u16, path: &str) -> Ask;

    /// Whether it is a browser, which is slow to start: asked only when that is wanted.
    fn is_browser(&self) -> bool {
        false
    }

    /// How long it may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// How to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// By running this.
    Call(Call),
    /// It is not installed.
    NotHere,
    /// It is, but cannot be asked; why.
    Cannot(&'static str),
}

/// Runs a program with these arguments, when it is there.
fn call(machine: &dyn Machine, program: &str, args: &[&str]) -> Ask {
    machine
        .program(program)
        .map_or(Ask::NotHere, |program| Ask::Call(Call::new(program, args.iter().copied())))
}

/// The address of the page.
fn url(port: u16, path: &str) -> String {
    format!("https://localhost:{port}{path}")
}

//! navyd: see, explain and free what listens on this machine.
//!
//! Parse → run → render → exit status. Nothing is read or started before the command asks for it.
//!
//! # Layout
//! - [`cli`]: a file for each command, and their list
//! - [`out`]: the only code that prints
//! - [`client`]: where the answers come from; [`hub`]: those of the hub
#![forbid(unsafe_code)]

mod cli;
mod client;
mod exit;
mod hub;
mod interrupt;
mod out;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main(std::env::args_os().collect()).into()
}

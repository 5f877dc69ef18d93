//! The tests of the whole program: a file for each room, `support/` for what they share, `tidy/` for the rules
//! that the compiler does not know. One binary, so that it links once.
// A test fails by panicking, and says on stderr why it was skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod audit;
mod doctor;
mod export;
mod free;
mod gateway;
mod hosts;
mod hub;
mod low_ports;
mod port;
mod probe;
mod run;
mod scan;
mod see;
mod services;
mod standin;
mod support;
mod tidy;
mod toxiproxy;
mod traffic;
mod trust;
mod wait;
mod why;

//! The house of navyd: the daemon that owns routes and services, and joins eyes and hands.
//!
//! # Layout
//!
//! - [`start`], [`Running`]: its life, from the lock to the drain; `lock`, `discovery`, `bell`, [`log`]
//! - [`places`]: where its files are; `kept`: its routes on the disk
//! - `house`: what everyone inside shares; `book`: routes; `doors`, `listen`: the gateway; `seen`: listeners; `events`
//! - `control`: its socket; `guard`: who may ask what; `app`: both together
//! - `api`: a file for each resource; `page`: what people see
//! - [`capture`]: what passed, kept and found again
//! - [`supervisor`]: services, and whatever they start; `project`: the files that they are written in
//! - [`client`]: the other end of the socket
//! - [`toxiproxy`]: the API of Toxiproxy, in a process without a hub
//! - `os`: what it needs of the operating system, and files that are either the old or the new
//!
//! Deliberately absent: moving bytes, which is the gateway's; reading the machine, which is the host's; printing.
#![forbid(unsafe_code)]

mod api;
mod app;
mod bell;
mod book;
mod borrowed;
pub mod capture;
pub mod client;
mod control;
mod discovery;
mod doors;
mod error;
mod events;
pub mod export;
mod guard;
pub mod hosts;
mod house;
pub mod import;
mod kept;
mod listen;
mod lock;
pub mod log;
pub mod low_ports;
mod os;
pub mod otlp;
mod page;
pub mod places;
mod project;
mod reflection;
mod replay;
mod run;
mod runs;
#[cfg(test)]
mod scratch;
mod seen;
mod settings;
mod start;
pub mod supervisor;
pub mod toxiproxy;
pub mod trust;

pub use bell::Bell;
pub use book::Refusal;
pub use error::HubError;
pub use log::Log;
pub use os::{Unit, leave_terminal, private_directory, take_over, tell_ready, unit};
pub use places::Places;
pub use run::Running;
pub use settings::{Listen, Recording, Settings};
pub use start::{Started, prepare, start};

//! What is to run, with everything decided that a configuration leaves open: ports, variables, directories.
//!
//! Two definitions that are equal run the same: whether a service has to start again is `==`. Deliberately absent:
//! reading a configuration, and how a service stands, which is [`navyd_model::Service`].

use std::path::PathBuf;

pub use navyd_model::config::{Check, Condition, Dependency, Late, Ready, Restart, Stop, StopSignal};

/// The services of one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its root: what tells it from every other.
    pub root: PathBuf,
    /// Its services, in the order in which they are written.
    pub services: Vec<Definition>,
}

/// One service, as it is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name and those of its project: unique among all projects.
    pub id: String,
    /// Its name within the project.
    pub name: String,
    /// The root of its project.
    pub project: PathBuf,
    /// The branch that is checked out, when its names differ by it.
    pub branch: Option<String>,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// Its whole environment, but for what tells its processes from others.
    pub environment: Vec<(String, String)>,
    /// The port that it is told to listen on.
    pub port: Option<u16>,
    /// Whether the hub listens there for it, and hands the socket over.
    pub listen_fds: bool,
    /// What has to be so before it starts.
    pub after: Vec<Dependency>,
    /// When it is ready.
    pub ready: Ready,
    /// Whether it starts again.
    pub restart: Restart,
    /// How it is ended.
    pub stop: Stop,
}

/// How often in a row a service is started without getting healthy: with the pauses in between, more than five
/// minutes of trying, in which a person can repair it.
pub(crate) const STARTS: u32 = 20;

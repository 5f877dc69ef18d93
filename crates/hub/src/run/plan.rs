//! What is to run, with everything decided that a configuration leaves open: ports, variables, directories.
//!
//! Two definitions that are equal run the same: whether a service has to start again is `==`. Deliberately absent:
//! reading a configuration, and how a service stands, which is [`navyd_model::Service`].

use std::{path::PathBuf, time::Duration};

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
pub const STARTS: u32 = 20;

/// What has to be so of another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The other service.
    pub service: String,
    /// What has to be so.
    pub condition: Condition,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It runs.
    Started,
    /// It is ready.
    Healthy,
    /// It has written the line that makes it ready: its check is [`Check::Log`].
    Log,
    /// It has ended with status 0.
    Exit0,
}

/// When a service is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// What shows it.
    pub check: Check,
    /// How long that may take.
    pub timeout: Duration,
    /// What it means that it took longer.
    pub late: Late,
}

/// What shows that a service is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// A process of its tree listens, as the socket table says: nothing is sent to it.
    Listens,
    /// A connection to its port is accepted.
    Tcp,
    /// A `GET` of this path is answered with a status from 200 to 399.
    Http(String),
    /// A line of its output contains this text.
    Log(String),
    /// Its process runs.
    Started,
}

/// What it means that a service was not ready in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// It failed: the check was asked for.
    Failed,
    /// It is one that never listens, since nobody said that it would: it counts as ready.
    Ready,
}

/// When a service that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Never.
    No,
    /// When its status is not 0, or a signal ended it.
    OnFailure,
    /// Always.
    Always,
}

/// How a service is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// What its processes are sent.
    pub signal: StopSignal,
    /// How long they have before they are killed.
    pub timeout: Duration,
}

/// A signal that asks a process to end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGHUP.
    Hangup,
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGKILL.
    Kill,
    /// SIGUSR1.
    User1,
    /// SIGUSR2.
    User2,
    /// SIGTERM.
    #[default]
    Terminate,
}

impl Restart {
    /// Whether a service that ended so is started again.
    pub fn applies(self, succeeded: bool) -> bool {
        match self {
            Self::No => false,
            Self::OnFailure => !succeeded,
            Self::Always => true,
        }
    }
}

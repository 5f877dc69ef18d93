//! Services: commands that navyd runs, as they stand at one moment.

use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A service as it stands now. What is unknown is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    /// `NAME.PROJECT`, or `NAME.BRANCH.PROJECT` off the default branch: unique, and its host without `.localhost`.
    pub id: String,
    /// Its name within the project.
    pub name: String,
    /// The root of its project.
    pub project: Option<String>,
    /// The branch that is checked out there.
    pub branch: Option<String>,
    /// The command, its arguments apart.
    pub command: Vec<String>,
    /// What it does now.
    pub phase: Phase,
    /// Since when it does that.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// Its first process, while there is one.
    pub pid: Option<u32>,
    /// The port that it was told to listen on.
    pub port: Option<u16>,
    /// Where its processes really listen, the address that its route leads to first.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub listens: Vec<SocketAddr>,
    /// How often it was started again since it was last ready for long enough.
    pub restarts: u32,
    /// How its last process ended.
    pub ended: Option<Ended>,
    /// Its last lines of output, the newest last; at most [`LAST_LINES`].
    pub log: Vec<String>,
    /// Who runs it.
    #[serde(default)]
    pub run_by: Runner,
}

impl Service {
    /// A service that does this since then, of which nothing else is known.
    pub fn new(id: impl Into<String>, name: impl Into<String>, phase: Phase, since: Timestamp) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            project: None,
            branch: None,
            command: Vec::new(),
            phase,
            since,
            pid: None,
            port: None,
            listens: Vec::new(),
            restarts: 0,
            ended: None,
            log: Vec::new(),
            run_by: Runner::Hub,
        }
    }
}

/// Who runs a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Runner {
    /// The hub, which keeps what it says and starts it again.
    #[default]
    Hub,
    /// A person's terminal, by `navyd run`: what it says is there, and nobody else can start it again.
    Terminal,
}

/// How many lines of output a [`Service`] carries.
pub const LAST_LINES: usize = 20;

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waits for what it depends on.
    Waiting,
    /// Was started, and is not ready.
    Starting,
    /// Does what it is there for.
    Ready,
    /// Ended, and starts again soon; or is being restarted.
    Restarting,
    /// Was told to end, and has not yet.
    Stopping,
    /// Ended, or never started, because that was wanted.
    Stopped,
    /// Ended, although that was not wanted, and does not start again.
    Failed,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

/// One line of a service's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Line {
    /// The service, by its id.
    pub service: String,
    /// When it was read.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Where it came from.
    pub stream: Stream,
    /// The line without its end, colours and all; U+FFFD for what is not UTF-8.
    pub text: String,
    /// All its bytes in Base64 (RFC 4648 §4), when they are not UTF-8.
    pub raw: Option<String>,
    /// How many bytes more it had.
    pub cut: u64,
}

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// navyd, saying what happened to the service.
    Navyd,
}

impl Stream {
    /// As it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Err => "err",
            Self::Navyd => "navyd",
        }
    }
}

impl Phase {
    /// Whether requests for it should wait, because it is about to be ready.
    pub fn is_coming(self) -> bool {
        matches!(self, Self::Waiting | Self::Starting | Self::Restarting)
    }

    /// As it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Restarting => "restarting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

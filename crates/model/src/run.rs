//! Runs: a command in somebody's terminal that has names for as long as it lives.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// A command that wants names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    /// `NAME.PROJECT`, or `NAME.BRANCH.PROJECT` off the default branch.
    pub id: String,
    /// Its hosts, the most wanted first: what others have is left out.
    pub hosts: Vec<String>,
    /// Its name within the project.
    pub name: String,
    /// The root of its project.
    pub project: Option<String>,
    /// The branch that is checked out there.
    pub branch: Option<String>,
    /// The command, its arguments apart.
    pub command: Vec<String>,
    /// Its first process.
    pub pid: u32,
    /// The port that it was told to listen on.
    pub port: u16,
    /// Whether what passes is recorded.
    #[serde(default = "crate::hub::yes")]
    pub capture: bool,
}

/// The names that a run has, as long as its stream stays open: `navyd.run/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Run {
    /// Which run it is, for [`Bound`].
    pub run: u64,
    /// Its hosts, of those that it wanted.
    pub hosts: Vec<String>,
    /// What a person opens: of the first host.
    pub url: String,
    /// The hosts that others have.
    pub taken: Vec<String>,
}

/// Where a run listens now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// A loopback address; `null` while it listens nowhere, and then requests wait.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub address: Option<SocketAddr>,
}

//! Why localhost itself does not work: what `navyd doctor` answers.

use serde::{Deserialize, Serialize};

use crate::why::ConnectAttempt;

/// The body of `navyd.doctor/1`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Every row, in the order of the registry.
    pub checks: Vec<Check>,
    /// The connect matrix: addresses of this machine, each tried with a listener of navyd's own.
    pub matrix: Vec<ConnectAttempt>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its word: `lo-up`.
    pub id: String,
    /// How it stands.
    pub state: State,
    /// One line.
    pub summary: String,
    /// What was seen.
    pub evidence: Option<String>,
    /// What explains it; for [`State::Unknown`] why it could not be read.
    pub cause: Option<String>,
    /// What can be typed.
    pub fix: Option<String>,
}

/// How a row stands. What could not be read is unknown, and never ok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was read, and is as it should be.
    Ok,
    /// It could not be read.
    Unknown,
    /// It may get in the way.
    Warn,
    /// It stands in the way.
    Fail,
}

impl State {
    /// The word: `warn`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    /// Whether it is a finding: it decides the exit status.
    pub fn is_finding(self) -> bool {
        self >= Self::Warn
    }
}

//! What is dangerous about a listener: findings of `navyd audit`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{holder::Project, listener::Protocol};

/// The body of `navyd.audit/1`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// How many listeners were looked at.
    pub listeners: usize,
    /// Findings that the baseline accepts: they are counted, and decide nothing.
    pub accepted: usize,
    /// What the baseline accepts and nothing was found for.
    pub stale: Vec<String>,
    /// What could not be seen, and what would be needed to see it.
    pub unknown: Vec<String>,
}

/// One danger, with its proof and the line that mends it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The check that found it: `A10`.
    pub id: String,
    /// The danger, in a few words.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The listener; `None` where the danger is the machine's own.
    pub listener: Option<Place>,
    /// Who holds it.
    pub holders: Vec<Keeper>,
    /// The project that the first holder works in.
    pub project: Option<Project>,
    /// What was seen that proves it.
    pub evidence: String,
    /// What mends it: a line that can be typed or written into a file, where there is one.
    pub fix: Option<String>,
    /// The command that explains it.
    pub doc: String,
}

/// Where a listener is bound.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The address; `None` for unix sockets.
    pub address: Option<IpAddr>,
    /// The port; `None` for unix sockets.
    pub port: Option<u16>,
    /// What carries the bytes.
    pub proto: Protocol,
    /// The path, or the abstract name behind `@`, of a unix socket.
    pub path: Option<String>,
}

/// A holder as findings name it: without arguments, which may hold the very secret that was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Keeper {
    /// Its process id.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Its user.
    pub user: Option<String>,
    /// Its framework or program family.
    pub framework: Option<String>,
    /// Its working directory.
    pub cwd: Option<String>,
}

/// How bad a finding is, from 0 to 10, and the word for it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Severity {
    /// From 0.0 to 10.0, with one digit, on the scale of CVSS.
    pub score: f64,
    /// The word.
    pub word: Word,
}

/// The words for a score, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Below 1: worth knowing.
    Info,
    /// From 1.
    Low,
    /// From 4.
    Medium,
    /// From 7.
    High,
    /// From 9.
    Critical,
}

/// How sure a finding is. Only the first two decide the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Concluded from a program's name or arguments.
    Inferred,
    /// The kernel, a file or an answer shows the condition for it.
    Observed,
    /// An answer is the danger itself: what must not be had was had.
    Proven,
}

impl Severity {
    /// A score between 0 and 10, rounded to one digit, with its word.
    pub fn new(score: f64) -> Self {
        let score = (score.clamp(0.0, 10.0) * 10.0).round() / 10.0;
        let word = match score {
            9.0.. => Word::Critical,
            7.0.. => Word::High,
            4.0.. => Word::Medium,
            1.0.. => Word::Low,
            _ => Word::Info,
        };
        Self { score, word }
    }
}

impl Word {
    /// Every word, the mildest first.
    pub const ALL: &[Self] = &[Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word itself: `high`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Confidence {
    /// The word: `proven`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inferred => "inferred",
            Self::Observed => "observed",
            Self::Proven => "proven",
        }
    }

    /// Whether it is sure enough to decide the exit status.
    pub fn decides(self) -> bool {
        self >= Self::Observed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_has_its_word() {
        for (score, expected, word) in [
            (-3.0, 0.0, "info"),
            (0.94, 0.9, "info"),
            (0.95, 1.0, "low"),
            (3.99, 4.0, "medium"),
            (6.94, 6.9, "medium"),
            (7.0, 7.0, "high"),
            (8.95, 9.0, "critical"),
            (11.0, 10.0, "critical"),
        ] {
            let severity = Severity::new(score);
            assert_eq!((severity.score, severity.word.as_str()), (expected, word), "{score}");
        }
    }
}

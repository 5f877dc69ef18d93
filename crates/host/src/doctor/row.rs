//! What a row is, and what it says.

use navyd_model::diagnosis::{Check, State};

use super::Facts;

/// One thing that can be wrong with localhost: a leaf of this room.
#[derive(Debug)]
pub struct Row {
    /// Its word, part of the JSON contract: `lo-up`.
    pub id: &'static str,
    /// The judgement. Pure.
    pub judge: fn(&Facts) -> Verdict,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it stands.
    pub state: State,
    /// One line.
    pub summary: String,
    /// What was seen.
    pub evidence: Option<String>,
    /// What explains it, or why it is unknown.
    pub cause: Option<String>,
    /// What can be typed.
    pub fix: Option<String>,
}

impl Row {
    /// How it stands, given these facts.
    pub fn check(&self, facts: &Facts) -> Check {
        let Verdict { state, summary, evidence, cause, fix } = (self.judge)(facts);
        Check { id: self.id.to_owned(), state, summary, evidence, cause, fix }
    }
}

impl Verdict {
    /// It is as it should be.
    pub(super) fn ok(summary: impl Into<String>) -> Self {
        Self::new(State::Ok, summary)
    }

    /// It may get in the way.
    pub(super) fn warn(summary: impl Into<String>) -> Self {
        Self::new(State::Warn, summary)
    }

    /// It stands in the way.
    pub(super) fn fail(summary: impl Into<String>) -> Self {
        Self::new(State::Fail, summary)
    }

    /// It could not be read.
    pub(super) fn unknown(summary: impl Into<String>, why: impl Into<String>) -> Self {
        Self { cause: Some(why.into()), ..Self::new(State::Unknown, summary) }
    }

    /// What was seen.
    pub(super) fn evidence(self, seen: impl Into<String>) -> Self {
        Self { evidence: Some(seen.into()), ..self }
    }

    /// What explains it.
    pub(super) fn cause(self, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// What can be typed.
    pub(super) fn fix(self, line: impl Into<String>) -> Self {
        Self { fix: Some(line.into()), ..self }
    }

    fn new(state: State, summary: impl Into<String>) -> Self {
        Self { state, summary: summary.into(), evidence: None, cause: None, fix: None }
    }
}

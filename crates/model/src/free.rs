//! What freeing a port would do, and did.

use serde::{Deserialize, Serialize};

use crate::{
    holder::{Holder, Supervisor},
    listener::{Listener, Protocol},
};

/// The plan and the outcome for one port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Freed {
    /// The port.
    pub port: u16,
    /// The protocol.
    pub proto: Protocol,
    /// What stands in the way and would be stopped.
    pub victims: Vec<Victim>,
    /// The listeners that go.
    pub listeners: Vec<Listener>,
    /// What came of it.
    pub outcome: Outcome,
    /// One line.
    pub summary: String,
    /// A line that can be typed, where navyd does not act itself.
    pub hint: Option<String>,
}

/// A process that would be stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Victim {
    /// The process.
    pub holder: Holder,
    /// Its children, which it may take along.
    pub children: Vec<crate::holder::Ancestor>,
    /// What else it listens on, and that would go with it.
    pub also_listens: Vec<String>,
    /// Who would start it again.
    pub supervisor: Option<Supervisor>,
    /// Why it is never stopped, when it is one of those.
    pub protected: Option<String>,
}

/// What came of freeing a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A real bind proved that it was free already.
    AlreadyFree,
    /// Nothing was done: `--dry-run`, or the answer was no.
    Planned,
    /// Stopped, and a real bind proves that the port is free.
    Freed,
    /// Stopped, and something took the port again.
    Respawned,
    /// It did not stop in time.
    StillHeld,
    /// It is stopped through its supervisor, with the command given.
    Supervised,
    /// It is never stopped, or may not be.
    Refused,
}

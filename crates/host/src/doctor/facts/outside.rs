//! What only callers can know: the hub and its routes are no business of the eyes, which are told of them.

use super::AuthoritySeen;

/// What is told.
#[derive(Debug, Clone)]
pub struct Outside {
    /// The hub.
    pub hub: HubSeen,
    /// The authority that signs its certificates.
    pub authority: AuthoritySeen,
    /// The version of the program that asks.
    pub version: String,
}

/// What came of asking the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubSeen {
    /// It was not asked.
    Unasked,
    /// None runs.
    Absent,
    /// One runs, and did not answer as it should: why.
    Silent(String),
    /// It answered.
    Answered(OurHub),
}

/// The hub as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurHub {
    /// Its version.
    pub version: String,
    /// The ports at which it serves names, the first being the one to tell people.
    pub ports: Vec<u16>,
    /// The names of its routes that could stand in a hosts file.
    pub names: Vec<String>,
    /// Whether it has been told to end.
    pub ending: bool,
}

impl Default for Outside {
    /// Nothing was told.
    fn default() -> Self {
        Self { hub: HubSeen::Unasked, authority: AuthoritySeen::Unasked, version: String::new() }
    }
}

//! Breakpoints: exchanges that are held on their way until a person has looked at them.
//!
//! Deliberately absent: what of a message may be changed, which the gateway decides.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::exchange::{Body, Side};

/// A breakpoint that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewBreakpoint {
    /// Which exchanges are held, in the filter language; empty for all.
    #[serde(default)]
    pub filter: String,
    /// Whether their answers are held as well.
    #[serde(default)]
    pub response: bool,
    /// After so many milliseconds what is held goes on as it was; 5 minutes when nothing is said.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// A breakpoint, as long as its stream stays open: `navyd.breakpoint/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Breakpoint {
    /// Its number.
    pub id: u64,
    /// Which exchanges are held.
    pub filter: String,
    /// Whether their answers are held as well.
    pub response: bool,
    /// After so many milliseconds what is held goes on as it was.
    pub timeout_ms: u64,
}

/// Every breakpoint, and all that they hold: `navyd.breakpoints/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Breakpoints {
    /// The breakpoints.
    pub breakpoints: Vec<Breakpoint>,
    /// What is held, the oldest first, without bodies.
    pub held: Vec<Held>,
}

/// A message that is held: `navyd.held/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Held {
    /// Its number: a request and its answer have different ones.
    pub id: u64,
    /// The breakpoint that holds it.
    pub breakpoint: u64,
    /// Who sent it: the client sends requests, the server answers.
    pub from: Side,
    /// Where its route begins.
    pub route: String,
    /// The first line of the request.
    pub request: String,
    /// The status of the answer; `None` of a request.
    pub status: Option<u16>,
    /// Since when it is held.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub since: Timestamp,
    /// When it goes on by itself.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub until: Timestamp,
    /// Bytes of its body that are held, without chunks.
    pub size: u64,
    /// Why its body is not held, and passes behind the head; `None` when all of it is held.
    pub passes: Option<String>,
    /// Its head, with line breaks of HTTP; `None` when it is no text, and cannot be edited.
    pub head: Option<String>,
    /// Its body, with encodings taken off; only where one message is asked for.
    pub body: Option<Body>,
}

/// What becomes of a held message. Without any of these it goes on as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Another head: its first line and its fields. Lengths and what belongs to one connection are put right.
    #[serde(default)]
    pub head: Option<String>,
    /// Another body.
    #[serde(default)]
    pub body: Option<String>,
    /// The client is answered with this status instead, from 200 to 599.
    #[serde(default)]
    pub status: Option<u16>,
    /// The client is cut off.
    #[serde(default)]
    pub abort: bool,
}

/// What became of a held message: `navyd.released/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Released {
    /// Its number.
    pub id: u64,
    /// What became of it, as a person reads it: `released as it was`, `changed: target, body`.
    pub how: String,
}

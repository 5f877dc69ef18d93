//! The capture as commands, programs and the dashboard see it: how it stands, its pages and its figures.
//!
//! Deliberately absent: exchanges themselves, which have their own file, and how they are kept.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::exchange::Summary;

/// How the capture stands: `navyd.capture/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capture {
    /// The directory of its files.
    pub directory: String,
    /// Bytes that they have on the disk.
    pub bytes: u64,
    /// Bytes that they may have.
    pub most_bytes: u64,
    /// How old an exchange may become, in milliseconds.
    pub most_age_ms: u64,
    /// Whether secrets are kept as well, for as long as this hub runs.
    pub reveal: bool,
    /// Exchanges that were recorded since the hub started.
    pub recorded: u64,
    /// Exchanges that wait for the disk.
    pub waiting: u64,
    /// Exchanges that are in progress.
    pub open: u64,
    /// What passed since the hub started and was not recorded.
    pub lost: Losses,
    /// Why nothing can be written just now; `None` while all is well.
    pub trouble: Option<String>,
    /// The collector that exchanges are sent to; `None` when they are sent to none.
    #[serde(default)]
    pub export: Option<Exported>,
}

/// What was sent to a collector of OpenTelemetry, since the hub started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exported {
    /// Its URL, without its query.
    pub to: String,
    /// Exchanges that it took.
    pub sent: u64,
    /// Exchanges that it did not take, and those that did not wait for it since too many did.
    pub lost: u64,
    /// What went wrong last; `None` when the last of them was taken.
    pub error: Option<String>,
}

/// What passed and was not recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Losses {
    /// Exchanges of which nothing is known, since the keeper did not keep up.
    pub flows: u64,
    /// Bytes of exchanges that are known, likewise.
    pub bytes: u64,
    /// Exchanges that were recorded and given up, since the disk did not take them.
    pub exchanges: u64,
}

/// Exchanges, the newest first: `navyd.exchanges/1`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page {
    /// The exchanges.
    pub exchanges: Vec<Summary>,
    /// To see older ones, ask for those before this number; `None` when there are none.
    pub next: Option<u64>,
    /// What was not looked through.
    pub notes: Vec<String>,
}

/// How many exchanges were removed: `navyd.removed/1`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Removed {
    /// How many there were.
    pub removed: u64,
}

/// How many exchanges came from a file: `navyd.imported/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Imported {
    /// How many.
    pub imported: u64,
    /// What of the file was left out.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// How an exchange is to be sent once more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The server that it is sent to, as in `http://127.0.0.1:3000`; where it went before without one.
    #[serde(default)]
    pub to: Option<String>,
    /// How often; once when nothing is said.
    #[serde(default)]
    pub times: Option<u32>,
    /// The request instead of the one that is kept: its first line, its fields, an empty line, its body.
    #[serde(default)]
    pub request: Option<String>,
}

/// Descriptors by which the messages of a call are read: either those that are said, or those that its server tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Descriptors {
    /// A `FileDescriptorSet` with everything that it imports, in Base64: what `protoc --include_imports
    /// --descriptor_set_out` writes.
    #[serde(default)]
    pub set: Option<String>,
    /// Whether the server is asked for them now, by server reflection.
    #[serde(default)]
    pub reflect: bool,
}

/// What became of it: `navyd.replayed/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Replayed {
    /// The numbers of the new exchanges.
    pub exchanges: Vec<u64>,
}

/// Figures of many exchanges: `navyd.traffic-stats/1`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stats {
    /// How many.
    pub exchanges: u64,
    /// When the first of them began.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub first: Option<Timestamp>,
    /// When the last of them began.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last: Option<Timestamp>,
    /// How many did not end with a complete answer.
    pub failed: u64,
    /// Bytes of clients.
    pub sent: u64,
    /// Bytes of servers.
    pub received: u64,
    /// Bytes that were not recorded.
    pub lost: u64,
    /// How often each status came.
    pub statuses: BTreeMap<u16, u64>,
    /// How long until the first byte of an answer.
    pub wait: Latency,
    /// How long until the end.
    pub took: Latency,
    /// By route, the busiest first.
    pub routes: Vec<RouteStats>,
}

/// Figures of one route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteStats {
    /// Where it begins.
    pub route: String,
    /// How many exchanges.
    pub exchanges: u64,
    /// How many did not end with a complete answer.
    pub failed: u64,
    /// Bytes of clients.
    pub sent: u64,
    /// Bytes of servers.
    pub received: u64,
    /// How long until the end.
    pub took: Latency,
}

/// Percentiles in milliseconds, each of an exchange that was; `None` where none was timed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Latency {
    /// Half of them took no longer.
    pub p50_ms: Option<f64>,
    /// Nine of ten.
    pub p90_ms: Option<f64>,
    /// 99 of a hundred.
    pub p99_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
}

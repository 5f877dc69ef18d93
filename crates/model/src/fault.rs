//! Faults: network conditions laid on a route.
//!
//! A fault is named by its kind and its attributes, because kinds are leaves of the gateway, each with its fields.
//! Deliberately absent: what a kind does, and which attributes it takes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A fault as it is wanted and kept: `navyd.fault/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Unique on its route. When it is empty, a name is made from kind and direction.
    #[serde(default)]
    pub name: String,
    /// Where the route begins: `shop.localhost/api`, `127.0.0.1:8000`.
    pub route: String,
    /// What it is: `latency`, `bandwidth`, `reset`.
    pub kind: String,
    /// The fields of its kind: milliseconds, bytes, shares from 0 to 1.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub attributes: BTreeMap<String, Value>,
    /// Which way the bytes go that it hits.
    #[serde(default)]
    pub direction: Direction,
    /// The share of connections (of exchanges, where it has a filter or a kind of HTTP; of datagrams) that it hits:
    /// from 0 to 1.
    #[serde(default = "whole")]
    pub toxicity: f64,
    /// Which exchanges it hits, in the filter language; `None` for all.
    #[serde(default)]
    pub filter: Option<String>,
    /// When it is on, as in `at 10s for 5s every 60s`; `None` for always.
    #[serde(default)]
    pub schedule: Option<String>,
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    #[default]
    Down,
    /// Both.
    Both,
}

/// Every fault there is: `navyd.faults/1`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Faults {
    /// What makes runs repeatable.
    pub seed: u64,
    /// In the order in which they apply.
    pub faults: Vec<Fault>,
}

/// A seed: `navyd.seed/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// What makes a run repeatable.
    pub seed: u64,
}

/// What faults have chosen since the run began: `navyd.fault-log/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FaultLog {
    /// What makes it repeatable.
    pub seed: u64,
    /// In the order in which they were made; the oldest are forgotten.
    pub decisions: Vec<Decision>,
}

/// That a fault has hit a connection, an exchange or a datagram: `navyd.fault-decision/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decision {
    /// Where its route begins.
    pub route: String,
    /// Which connection, exchange or client of the route, counted from 0.
    pub connection: u64,
    /// The fault's name.
    pub fault: String,
    /// What it is: `latency`.
    pub kind: String,
    /// Who sent what it hit; `None` where it hits the connection.
    pub from: Option<crate::exchange::Side>,
    /// Which datagram of the client in that direction, counted from 0.
    pub datagram: Option<u64>,
    /// What was chosen: `213.4 ms`.
    pub chosen: String,
}

fn whole() -> f64 {
    1.0
}

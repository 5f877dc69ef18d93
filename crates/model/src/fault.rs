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

fn whole() -> f64 {
    1.0
}

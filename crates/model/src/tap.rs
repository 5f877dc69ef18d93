//! Taps: a listening address before a port, for as long as somebody watches.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::exchange::Protocol;

/// A tap that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTap {
    /// The server on this machine: `127.0.0.1:5432`, `udp://127.0.0.1:53`.
    pub target: String,
    /// Where the tap listens: a loopback address. The system chooses when nothing is said.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub listen: Option<SocketAddr>,
    /// What is spoken there; guessed from the port when nothing is said.
    #[serde(default, rename = "as")]
    pub read_as: Option<Protocol>,
}

/// A tap, as long as its stream stays open: `navyd.tap/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tap {
    /// Its route, as exchanges name it.
    pub route: String,
    /// Where it listens.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub listen: SocketAddr,
    /// Where it leads: `tcp://127.0.0.1:5432`.
    pub to: String,
    /// As what it is read.
    #[serde(rename = "as")]
    pub read_as: Protocol,
}

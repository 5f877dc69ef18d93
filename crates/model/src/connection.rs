//! A connection: two ends that have met.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{
    holder::Holder,
    listener::{OwnerUnknown, Protocol, State},
};

/// One end of a connection, with what the kernel counted (`tcp_info`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// What carries the bytes.
    pub proto: Protocol,
    /// This end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// Where the connection is in its life.
    pub state: State,
    /// The kernel's socket cookie.
    pub cookie: Option<u64>,
    /// The user the socket belongs to.
    pub uid: Option<u32>,
    /// Bytes of data sent, each counted once; the peer may not have acknowledged the last of them.
    pub bytes_sent: Option<u64>,
    /// Bytes of data received.
    pub bytes_received: Option<u64>,
    /// Smoothed round-trip time, in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Segments sent again.
    pub retransmits: Option<u32>,
    /// Why `holders` is empty.
    pub owner_unknown: Option<OwnerUnknown>,
    /// Every process that has the socket open.
    pub holders: Vec<Holder>,
}

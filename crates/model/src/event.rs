//! What changes between two looks at the machine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::listener::Listener;

/// What happened to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was there at the first look.
    Present,
    /// It is new.
    Added,
    /// It is gone.
    Gone,
    /// Another socket has taken the same address and port. Told by the socket cookie, never by the pid.
    Replaced,
}

/// One change of one listener.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// When it was seen.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// What happened.
    pub event: Change,
    /// The listener now; for [`Change::Gone`], as it was last seen.
    pub listener: Listener,
    /// For [`Change::Replaced`]: the listener that was there before.
    pub before: Option<Listener>,
}

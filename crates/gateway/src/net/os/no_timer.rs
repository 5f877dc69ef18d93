//! Systems without a timer that is more exact than the runtime's.

use std::{
    io,
    task::{Context, Poll},
    time::Duration,
};

/// One that cannot be.
pub(in crate::net) enum Timer {}

impl Timer {
    /// None.
    pub(in crate::net) fn new() -> Option<Self> {
        None
    }

    pub(in crate::net) fn set(&self, _after: Duration) -> io::Result<()> {
        match *self {}
    }

    pub(in crate::net) fn poll(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }
}

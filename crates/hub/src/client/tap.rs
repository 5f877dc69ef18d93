//! A listener in front of any port, for as long as this end wants it.

use navyd_model::tap::{NewTap, Tap};

use super::{Client, ClientError, Follow};

/// A listener that ends when [`TapLease::passing`] is dropped.
pub struct TapLease {
    /// What was granted.
    pub tap: Tap,
    /// What passes, from the first exchange.
    pub passing: Follow,
}

impl Client {
    /// Puts a listener in front of a port.
    ///
    /// # Errors
    /// When it is refused.
    pub fn open_tap(self, new: &NewTap) -> Result<TapLease, ClientError> {
        let (tap, passing) = self.open("/api/v1/taps", new)?;
        Ok(TapLease { tap, passing })
    }
}

//! A listener in front of any port, for as long as this end wants it.

use navyd_model::tap::{NewTap, Tap};

use super::{Client, ClientError, Follow};

/// A listener that ends when this is dropped.
pub struct TapLease {
    /// What was granted.
    pub tap: Tap,
    stream: Follow,
}

impl Client {
    /// Puts a listener in front of a port.
    ///
    /// # Errors
    /// When it is refused.
    pub fn open_tap(self, new: &NewTap) -> Result<TapLease, ClientError> {
        let (tap, stream) = self.open("/api/v1/taps", new)?;
        Ok(TapLease { tap, stream })
    }
}

impl TapLease {
    /// Blocks as long as the listener is there.
    pub fn wait(mut self) {
        while let Some(Ok(_)) = self.stream.next() {}
    }
}

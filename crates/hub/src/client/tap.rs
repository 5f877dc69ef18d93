//! A listener in front of any port, for as long as this end wants it.

use navyd_model::{
    api::Document,
    tap::{NewTap, Tap},
};

use super::{Client, ClientError, Follow, Method, broken, wire};

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
        let body = serde_json::to_vec(new).map_err(|error| broken(&error))?;
        let asked = wire::send(&self.socket, Method::POST, "/api/v1/taps", Some(body));
        let response = self.runtime.block_on(asked)?;
        if !response.status().is_success() {
            return Err(self.runtime.block_on(wire::refusal(response)));
        }
        let mut stream = Follow::of(self.runtime, response.into_body());
        let first = stream.next().unwrap_or_else(|| Err(ClientError::Broken("it says nothing".into())))?;
        let tap: Document<Tap> = serde_json::from_str(&first.data).map_err(|error| broken(&error))?;
        Ok(TapLease { tap: tap.body, stream })
    }
}

impl TapLease {
    /// Blocks as long as the listener is there.
    pub fn wait(mut self) {
        while let Some(Ok(_)) = self.stream.next() {}
    }
}

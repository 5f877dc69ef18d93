//! Asking the capture, as resources do: where blocking is allowed, and of a hub that has one.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::task::spawn_blocking;

use super::Fault;
use crate::{
    capture::{Capture, CaptureError},
    house::House,
};

/// Asks the capture for something, where blocking is allowed.
pub(super) async fn with<T: Send + 'static>(
    house: &Arc<House>,
    ask: impl FnOnce(&Capture) -> Result<T, CaptureError> + Send + 'static,
) -> Result<T, Fault> {
    let house = Arc::clone(house);
    let asked = spawn_blocking(move || Ok(ask(of(&house)?)?));
    asked.await.map_err(|error| Fault::inner(&error))?
}

/// The capture of this hub.
pub(super) fn of(house: &House) -> Result<&Capture, Fault> {
    house.capture.as_ref().ok_or_else(|| {
        Fault::new(StatusCode::CONFLICT, "this hub records nothing")
            .cause("it was told so when it started, or the files of the capture cannot be used")
            .hint("navyd hub status")
    })
}

impl From<CaptureError> for Fault {
    fn from(error: CaptureError) -> Self {
        let fault = Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
        match std::error::Error::source(&error) {
            Some(source) => fault.cause(source.to_string()).hint("navyd hub status"),
            None => fault.hint("navyd hub status"),
        }
    }
}

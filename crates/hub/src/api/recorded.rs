//! Asking the capture, as resources do: where blocking is allowed, and of a hub that has one.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use tokio::{task::spawn_blocking, time::sleep};

use super::Fault;
use crate::{
    capture::{Capture, CaptureError},
    house::House,
};

/// How often in a row, each half a second long, the disk is found to hang before that is the answer.
const LOOKS: u32 = 4;

/// Between two looks: what is quick is not looked after at all.
const PAUSE: Duration = Duration::from_secs(1);

/// Asks the capture for something, where blocking is allowed.
///
/// # Errors
/// What the capture says; and 504 while the disk does not answer. A reader that hangs there stays on its thread until it
/// does, so only so many are let in.
pub(super) async fn with<T: Send + 'static>(
    house: &Arc<House>,
    ask: impl FnOnce(&Capture) -> Result<T, CaptureError> + Send + 'static,
) -> Result<T, Fault> {
    let readers = Arc::clone(&of(house)?.readers);
    let asking = Arc::clone(house);
    let asked = async {
        let turn = readers.acquire_owned().await.map_err(|error| Fault::inner(&error))?;
        let asked = spawn_blocking(move || {
            let _turn = turn;
            Ok(ask(of(&asking)?)?)
        });
        asked.await.map_err(|error| Fault::inner(&error))?
    };
    tokio::select! {
        biased;
        answer = asked => answer,
        fault = hanging(house) => Err(fault),
    }
}

/// Ends when the disk hangs.
async fn hanging(house: &Arc<House>) -> Fault {
    let mut hung = 0;
    while hung < LOOKS {
        if hung == 0 {
            sleep(PAUSE).await;
        }
        let house = Arc::clone(house);
        let hangs = spawn_blocking(move || of(&house).is_ok_and(Capture::hangs)).await;
        hung = if hangs.unwrap_or(false) { hung + 1 } else { 0 };
    }
    Fault::new(StatusCode::GATEWAY_TIMEOUT, "the disk does not answer")
        .cause("something is being written there for seconds, and what is recorded cannot be read meanwhile")
        .hint("navyd hub status")
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

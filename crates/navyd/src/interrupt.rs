//! Being told to stop.
//!
//! Only a command that must tidy up behind itself asks for this; any other is simply ended by the system.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

/// Control-C, or the request to terminate, as something that can be waited for. At most one for each process.
pub(crate) struct Interrupt {
    told: Receiver<()>,
}

impl Interrupt {
    /// From now on the process is told instead of ended.
    pub(crate) fn new() -> Result<Self, ctrlc::Error> {
        let (tell, told) = channel();
        // Once nobody waits any more there is nobody to tell.
        ctrlc::set_handler(move || tell.send(()).unwrap_or_default())?;
        Ok(Self { told })
    }

    /// Waits for that long, or until told to stop; whether it was.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        match self.told.recv_timeout(time) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            // The handler lives as long as the process: this cannot be, and waiting on would spin.
            Err(RecvTimeoutError::Disconnected) => true,
        }
    }
}

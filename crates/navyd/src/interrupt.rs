//! Being told to stop.
//!
//! Only a command that must tidy up behind itself asks for this; any other is simply ended by the system.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::Duration,
};

/// Control-C, or the request to terminate, as something that can be waited for. At most one for each process.
pub(crate) struct Interrupt {
    told: Receiver<()>,
    tell: Sender<()>,
}

impl Interrupt {
    /// From now on the process is told instead of ended.
    pub(crate) fn new() -> Result<Self, ctrlc::Error> {
        let (tell, told) = channel();
        let teller = tell.clone();
        // Once nobody waits any more there is nobody to tell.
        ctrlc::set_handler(move || teller.send(()).unwrap_or_default())?;
        Ok(Self { told, tell })
    }

    /// From now on this is called each time, on a thread of its own, instead of the process being ended.
    pub(crate) fn calling(call: impl FnMut() + Send + 'static) -> Result<(), ctrlc::Error> {
        ctrlc::set_handler(call)
    }

    /// Ends the wait as an interrupt does: for whoever has nothing left to wait for.
    pub(crate) fn teller(&self) -> Sender<()> {
        self.tell.clone()
    }

    /// Waits for that long, or until told to stop; whether it was.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        match self.told.recv_timeout(time) {
            Ok(()) => true,
            Err(RecvTimeoutError::Timeout) => false,
            // One who tells is held above: this cannot be, and waiting on would spin.
            Err(RecvTimeoutError::Disconnected) => true,
        }
    }
}

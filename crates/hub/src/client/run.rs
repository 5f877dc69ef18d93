//! Names for a running command, for as long as this end wants them.

use navyd_model::run::{Bound, NewRun, Run};

use super::{Client, ClientError, Follow, Method};

/// The names of a run. They end when this is dropped.
pub struct Lease {
    /// What was granted.
    pub run: Run,
    stream: Follow,
}

impl Client {
    /// Gives a running command its names.
    ///
    /// # Errors
    /// When they are refused.
    pub fn open_run(self, new: &NewRun) -> Result<Lease, ClientError> {
        let (run, stream) = self.open("/api/v1/runs", new)?;
        Ok(Lease { run, stream })
    }

    /// Says where a running command listens.
    ///
    /// # Errors
    /// When there is no such run, or the address is refused.
    pub fn bind_run(&self, run: u64, bound: Bound) -> Result<Bound, ClientError> {
        self.ask(Method::PUT, &format!("/api/v1/runs/{run}"), Some(&bound))
    }
}

impl Lease {
    /// Blocks as long as the names last, and calls `stop` whenever the command is asked to end.
    pub fn wait(mut self, mut stop: impl FnMut()) {
        while let Some(Ok(message)) = self.stream.next() {
            if message.event == "stop" {
                stop();
            }
        }
    }
}

//! Names for a running command, for as long as this end wants them.

use navyd_model::{
    api::Document,
    run::{Bound, NewRun, Run},
};

use super::{Client, ClientError, Follow, Method, broken, wire};

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
        let body = serde_json::to_vec(new).map_err(|error| broken(&error))?;
        let asked = wire::send(&self.socket, Method::POST, "/api/v1/runs", Some(body));
        let response = self.runtime.block_on(asked)?;
        if !response.status().is_success() {
            return Err(self.runtime.block_on(wire::refusal(response)));
        }
        let mut stream = Follow::of(self.runtime, response.into_body());
        let first = stream.next().unwrap_or_else(|| Err(ClientError::Broken("it says nothing".into())))?;
        let run: Document<Run> = serde_json::from_str(&first.data).map_err(|error| broken(&error))?;
        Ok(Lease { run: run.body, stream })
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

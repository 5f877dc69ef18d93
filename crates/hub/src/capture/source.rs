//! Where batches come from: the keeper's end of the gateway's channel.

use std::time::Duration;

use navyd_gateway::tap::{Batch, Keeper, Lost};
use navyd_model::capture::Losses;

/// Where batches come from.
pub trait Source: Send + 'static {
    /// The next batch, if one comes within this time.
    fn next(&mut self, timeout: Duration) -> Option<Batch>;

    /// Whether none will come any more.
    fn is_over(&self) -> bool;

    /// Gives the memory of a batch back.
    fn give_back(&mut self, batch: Batch) {
        drop(batch);
    }

    /// What was not told so far.
    fn lost(&self) -> Losses {
        Losses::default()
    }
}

impl Source for Keeper {
    fn next(&mut self, timeout: Duration) -> Option<Batch> {
        self.recv_timeout(timeout)
    }

    fn is_over(&self) -> bool {
        Self::is_over(self)
    }

    fn give_back(&mut self, batch: Batch) {
        Self::give_back(self, batch);
    }

    fn lost(&self) -> Losses {
        let Lost { flows, bytes } = Self::lost(self);
        Losses { flows, bytes, ..Losses::default() }
    }
}

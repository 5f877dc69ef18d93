//! What happens in the hub, for everyone who listens.

use std::sync::Arc;

use jiff::Timestamp;
use navyd_model::hub::{Happened, HubEvent};
use tokio::sync::broadcast;

/// How many events wait for a slow reader. One that is slower is told how many it missed.
const WAITING: usize = 256;

/// Hands events to every subscriber.
pub(crate) struct Events(broadcast::Sender<Arc<HubEvent>>);

impl Events {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }

    /// Tells that something has happened, now.
    pub(crate) fn tell(&self, what: Happened) {
        // An error says that nobody listens.
        let _ = self.0.send(Arc::new(HubEvent { at: Timestamp::now(), what }));
    }

    /// Everything from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<HubEvent>> {
        self.0.subscribe()
    }

    /// Whether anybody listens.
    pub(crate) fn are_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }
}

//! Services as the API sees them: what runs now, and what changes.

use navyd_model::Service;
use tokio::sync::broadcast;

/// Whoever runs services.
pub trait Services: Send + Sync {
    /// Every service as it stands now. Must not block.
    fn snapshot(&self) -> Vec<Service>;

    /// Every change from now on: each service as it is after it.
    fn subscribe(&self) -> broadcast::Receiver<Service>;
}

/// Nobody runs any.
#[derive(Debug)]
pub struct NoServices(broadcast::Sender<Service>);

impl Default for NoServices {
    fn default() -> Self {
        Self(broadcast::Sender::new(1))
    }
}

impl Services for NoServices {
    fn snapshot(&self) -> Vec<Service> {
        Vec::new()
    }

    fn subscribe(&self) -> broadcast::Receiver<Service> {
        self.0.subscribe()
    }
}

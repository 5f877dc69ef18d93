//! Telling a stand-in to stop.

use std::sync::Arc;

use tokio::sync::watch;

/// Who can tell it, from any thread.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<bool>>);

/// Who is told. Once every [`Stopper`] is gone it counts as told: nobody could any more.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Both ends.
#[must_use]
pub fn stopper() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(Arc::new(sender)), Stop(receiver))
}

impl Stopper {
    /// Tells it, once and for all.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether it has been told.
    #[must_use]
    pub fn is_told(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it is told.
    pub async fn told(&mut self) {
        // An error means that there is nobody left to tell.
        let _ = self.0.wait_for(|told| *told).await;
    }
}

#[cfg(test)]
mod tests {
    use super::stopper;

    #[test]
    fn it_is_told_once_or_when_nobody_is_left() {
        let (teller, stop) = stopper();
        assert!(!stop.is_told());
        teller.stop();
        assert!(stop.is_told());
        let (teller, stop) = stopper();
        drop(teller);
        assert!(stop.is_told());
    }
}

//! Being told to end: once for an orderly end, twice for a short one.

use tokio::sync::watch;

/// Tells a hub to end, from any thread. Clones ring the same bell.
#[derive(Debug, Clone)]
pub struct Bell(watch::Sender<u32>);

/// Hears it.
#[derive(Debug, Clone)]
pub(crate) struct Told(watch::Receiver<u32>);

impl Bell {
    /// A bell that nobody has rung.
    #[expect(
        clippy::new_without_default,
        reason = "a bell is made once, by whoever hears the system's signals"
    )]
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// The first time: what is in flight finishes. The second time: it is cut off.
    pub fn ring(&self) {
        self.0.send_modify(|times| *times = times.saturating_add(1));
    }

    pub(crate) fn told(&self) -> Told {
        Told(self.0.subscribe())
    }
}

impl Told {
    /// Waits until it has been rung so many times. Cancel safe.
    pub(crate) async fn times(&mut self, times: u32) {
        // The ringer is gone only with the process; then there is nobody to wait for.
        let _ = self.0.wait_for(|rung| *rung >= times).await;
    }
}

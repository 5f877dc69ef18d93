//! A deadline that moves with every byte and costs nothing when it does.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Duration, Instant, Sleep, sleep_until};

/// The one clock of a connection. Setting it is an assignment: the timer behind it is moved only when it fires
/// too early, or when the deadline comes nearer than it is set.
#[derive(Default)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// From now on, this long.
    pub(crate) fn set(&mut self, time: Duration) {
        self.at = Some(Instant::now() + time);
    }

    /// From now on, then; `None` for never.
    pub(crate) fn set_at(&mut self, at: Option<Instant>) {
        self.at = at;
    }

    /// Whether it is still to pass.
    pub(crate) fn is_set(&self) -> bool {
        self.at.is_some()
    }

    /// Ready once the deadline has passed; it is cleared then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() > at {
            timer.as_mut().reset(at);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= at {
                self.at = None;
                return Poll::Ready(());
            }
            timer.as_mut().reset(at);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_fires_at_the_last_time_that_was_set() {
        let start = Instant::now();
        let mut deadline = Deadline::default();
        for (set, fires) in [(10, 10), (5, 5), (60, 60)] {
            deadline.set(Duration::from_secs(30));
            // The timer is armed for half a minute before the deadline moves.
            assert!(poll_fn(|cx| Poll::Ready(deadline.poll(cx))).await.is_pending());
            let from = Instant::now();
            deadline.set(Duration::from_secs(set));
            poll_fn(|cx| deadline.poll(cx)).await;
            let waited = from.elapsed();
            assert_eq!(waited.as_secs(), fires);
        }
        assert!(start.elapsed() < Duration::from_secs(76));
    }
}

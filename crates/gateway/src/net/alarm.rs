//! A deadline that is kept to a fraction of a millisecond, where the system has a timer for that.
//!
//! The runtime rounds a time up to its next millisecond, and its wait for events to another one. A delay that somebody
//! measures is not to be two milliseconds too long; every other deadline may.

use std::{
    task::{Context, Poll},
    time::Instant,
};

use super::{deadline::Deadline, os::Timer};

/// When something is due.
#[derive(Default)]
pub(super) struct Alarm {
    at: Option<Instant>,
    /// What the timer is set to.
    set: Option<Instant>,
    timer: Option<Timer>,
    /// In its place where there is none.
    coarse: Deadline,
    /// Whether there is none.
    is_coarse: bool,
}

impl Alarm {
    /// From now on, then; `None` for never.
    pub(super) fn set_at(&mut self, at: Option<Instant>) {
        self.at = at;
    }

    /// Ready once it is due; it is cleared then.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        if at <= Instant::now() {
            self.at = None;
            return Poll::Ready(());
        }
        if !self.is_coarse && self.timer.is_none() {
            self.timer = Timer::new();
            self.is_coarse = self.timer.is_none();
        }
        while let Some(timer) = &self.timer {
            let set = match self.set == Some(at) {
                true => Ok(()),
                false => timer.set(at.saturating_duration_since(Instant::now())),
            };
            self.set = Some(at);
            match set.map(|()| timer.poll(cx)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Ok(()))) if at <= Instant::now() => {
                    (self.at, self.set) = (None, None);
                    return Poll::Ready(());
                }
                // It was set to another time when it fired.
                Ok(Poll::Ready(Ok(()))) => self.set = None,
                Ok(Poll::Ready(Err(_))) | Err(_) => {
                    (self.timer, self.is_coarse) = (None, true);
                }
            }
        }
        self.coarse.set_at(Some(at.into()));
        self.coarse.poll(cx).map(|()| self.at = None)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use super::*;

    #[tokio::test]
    async fn it_fires_at_the_last_time_that_was_set_and_never_before() {
        let start = Instant::now();
        let mut alarm = Alarm::default();
        for (first, then) in [(50, 5), (5, 20), (1, 1), (0, 0)] {
            let ms = |count| Instant::now() + Duration::from_millis(count);
            alarm.set_at(Some(ms(first)));
            if first > 0 {
                assert!(poll_fn(|cx| Poll::Ready(alarm.poll(cx))).await.is_pending());
            }
            let due = ms(then);
            alarm.set_at(Some(due));
            poll_fn(|cx| alarm.poll(cx)).await;
            assert!(Instant::now() >= due, "{then} ms");
            assert!(poll_fn(|cx| Poll::Ready(alarm.poll(cx))).await.is_pending());
        }
        assert!(start.elapsed() >= Duration::from_millis(26));
    }

    #[tokio::test]
    async fn without_a_timer_it_fires_as_well() {
        let mut alarm = Alarm { is_coarse: true, ..Alarm::default() };
        let due = Instant::now() + Duration::from_millis(5);
        alarm.set_at(Some(due));
        poll_fn(|cx| alarm.poll(cx)).await;
        assert!(Instant::now() >= due);
    }
}

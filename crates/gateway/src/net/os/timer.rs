//! Linux: timerfd_create(2), which is exact where the runtime's own timers count in milliseconds.

use std::{
    io,
    os::fd::OwnedFd,
    task::{Context, Poll, ready},
    time::Duration,
};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::{Interest, unix::AsyncFd};

/// A timer that fires once each time it is set.
pub(in crate::net) struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    /// One that is not set; `None` where none can be had.
    pub(in crate::net) fn new() -> Option<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).ok()?;
        // What it warns of is a descriptor that changes behind its back; this one is owned.
        #[expect(deprecated, reason = "what takes its place is unsafe to call")]
        let timer = AsyncFd::with_interest(timer, Interest::READABLE).ok()?;
        Some(Self(timer))
    }

    /// Fires after this time, and not when it was to fire before.
    pub(in crate::net) fn set(&self, after: Duration) -> io::Result<()> {
        // A time of nothing would stop it.
        let after = after.max(Duration::from_nanos(1));
        let spec = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec {
                tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: after.subsec_nanos().into(),
            },
        };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &spec)?;
        Ok(())
    }

    /// Ready once it has fired; each time once.
    pub(in crate::net) fn poll(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(cx))?;
            let mut fired = [0; 8];
            match ready.try_io(|timer| Ok(rustix::io::read(timer, &mut fired)?)) {
                Ok(read) => return Poll::Ready(read.map(drop)),
                Err(_would_block) => {}
            }
        }
    }
}

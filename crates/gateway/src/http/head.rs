//! Reading the head of a request.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use navyd_h1::Parsed;

use super::Connection;
use crate::pages::{self, Page};

/// What came.
pub(super) enum Read {
    /// A head, which ends before this offset of what was read.
    Head(usize),
    /// Something that is answered with this page, and nothing else is read.
    Refused(Page),
    /// Nothing: the client has left, or is told to by silence.
    Nothing,
}

impl Connection {
    /// Waits for a request. The client may take its time before the first byte, and little behind it.
    pub(super) async fn read_head(&mut self) -> Read {
        let mut looked = 0;
        let mut waiting = Waiting::Not;
        poll_fn(|cx| self.poll_head(cx, &mut looked, &mut waiting)).await
    }

    fn poll_head(&mut self, cx: &mut Context<'_>, looked: &mut usize, waiting: &mut Waiting) -> Poll<Read> {
        loop {
            if let Some(buffer) = self.read.as_ref().filter(|buffer| buffer.filled().len() > *looked) {
                match self.request.parse(buffer.filled(), *looked, &self.worker.head_limits) {
                    Ok(Parsed::Complete(end)) => {
                        if self.translated {
                            self.request.translated();
                        }
                        return Poll::Ready(Read::Head(end));
                    }
                    Ok(Parsed::Incomplete) => *looked = buffer.filled().len(),
                    Err(reject) => {
                        // Nothing that follows can be understood.
                        self.read = None;
                        return Poll::Ready(Read::Refused(pages::refused(&reject)));
                    }
                }
            }
            // Asked first, because it is also what has the task woken.
            if self.read.is_none() && (self.guest.should_leave(cx) || self.door.is_gone()) {
                return Poll::Ready(Read::Nothing);
            }
            let mut buffer = self.read.take().unwrap_or_else(|| self.worker.lender.buffers.take());
            match self.socket.poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Read::Nothing),
                Poll::Ready(Ok(_)) => self.read = Some(buffer),
                Poll::Pending => {
                    let (begun, now) = match buffer.is_empty() {
                        true => (Waiting::First, self.worker.limits.idle),
                        false => {
                            self.read = Some(buffer);
                            (Waiting::Rest, self.worker.limits.head_time)
                        }
                    };
                    if *waiting != begun {
                        *waiting = begun;
                        self.deadline.set(now);
                    }
                    return self.deadline.poll(cx).map(|()| match begun {
                        Waiting::Rest => Read::Refused(pages::slow_head()),
                        _ => Read::Nothing,
                    });
                }
            }
        }
    }
}

/// What the deadline is set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Not,
    First,
    Rest,
}

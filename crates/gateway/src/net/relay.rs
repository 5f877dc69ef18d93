//! Two sockets joined: what either says reaches the other, and an end in one direction leaves the other open.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{
    buffer::Buffer,
    deadline::Deadline,
    drain::Guest,
    pump::{Broken, Lender, Pump, Unbounded},
    socket::Socket,
};

/// One side of a relay.
pub(crate) struct Side {
    /// Its socket.
    pub(crate) socket: Socket,
    /// What was read from it already.
    pub(crate) read: Option<Buffer>,
}

/// Joins them until both have ended, or one has failed, which then ends both. When the gateway drains, it ends
/// once nothing has moved for `quiet`, since nobody else can tell whether a stream of bytes is done.
/// `count` is told how many bytes went from `one` to `other`, and back.
pub(crate) async fn relay(
    one: Side,
    other: Side,
    lender: &Lender,
    guest: &mut Guest,
    quiet: Duration,
    count: impl Fn(u64, u64),
) {
    let (mut one, mut other) = (one, other);
    let (mut there, mut back) = (Way::default(), Way::default());
    let mut deadline = Deadline::default();
    let mut leaving = false;
    poll_fn(|cx| {
        let sent = there.poll(cx, &mut one, &mut other, lender);
        let received = back.poll(cx, &mut other, &mut one, lender);
        let moved = (there.pump.take_moved(), back.pump.take_moved());
        if moved != (0, 0) {
            count(moved.0, moved.1);
        }
        match (sent, received) {
            (Poll::Ready(Err(_)), _) | (_, Poll::Ready(Err(_))) => return Poll::Ready(()),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => return Poll::Ready(()),
            _ => {}
        }
        if guest.should_leave(cx) {
            if moved != (0, 0) || !leaving {
                deadline.set(quiet);
            }
            leaving = true;
        }
        deadline.poll(cx)
    })
    .await;
}

/// One direction.
struct Way {
    pump: Pump<Unbounded>,
    state: State,
}

enum State {
    Moving,
    Ending,
    Ended,
}

impl Default for Way {
    fn default() -> Self {
        Self { pump: Pump::new(Vec::new(), 0, Unbounded), state: State::Moving }
    }
}

impl Way {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Side,
        to: &mut Side,
        lender: &Lender,
    ) -> Poll<Result<(), Broken>> {
        if let State::Moving = self.state {
            ready!(self.pump.poll(cx, &mut from.socket, &mut from.read, &mut to.socket, lender))?;
            self.state = State::Ending;
        }
        if let State::Ending = self.state {
            ready!(to.socket.poll_shutdown(cx)).map_err(|_| Broken::To)?;
            self.state = State::Ended;
        }
        Poll::Ready(Ok(()))
    }
}

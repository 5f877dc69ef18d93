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
    pump::{Broken, Extent, Lender, Pump},
    socket::Socket,
};

/// One side of a relay.
pub(crate) struct Side {
    /// Its socket.
    pub(crate) socket: Socket,
    /// What was read from it already.
    pub(crate) read: Option<Buffer>,
}

/// How a relay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parted {
    /// Both sides have said all.
    Both,
    /// `one` has failed.
    One,
    /// `other` has failed.
    Other,
    /// The gateway has ended.
    Told,
}

/// Joins them until both have ended, or one has failed, which then ends both. When the gateway drains, it ends
/// once nothing has moved for `quiet`, since nobody else can tell whether a stream of bytes is done.
/// `extents` are what goes from `one` to `other`, and back, each without an end of its own. `count` is told how many
/// bytes did.
pub(crate) async fn relay<E: Extent>(
    (mut one, mut other): (Side, Side),
    extents: (E, E),
    lender: &Lender,
    guest: &mut Guest,
    quiet: Duration,
    count: impl Fn(u64, u64),
) -> Parted {
    let (mut there, mut back) = (Way::new(extents.0), Way::new(extents.1));
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
            (Poll::Ready(Err(Broken::From(_))), _) | (_, Poll::Ready(Err(Broken::To))) => {
                return Poll::Ready(Parted::One);
            }
            (Poll::Ready(Err(Broken::To)), _) | (_, Poll::Ready(Err(Broken::From(_)))) => {
                return Poll::Ready(Parted::Other);
            }
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => return Poll::Ready(Parted::Both),
            _ => {}
        }
        if guest.should_leave(cx) {
            if moved != (0, 0) || !leaving {
                deadline.set(quiet);
            }
            leaving = true;
        }
        deadline.poll(cx).map(|()| Parted::Told)
    })
    .await
}

/// One direction.
struct Way<E> {
    pump: Pump<E>,
    state: State,
}

enum State {
    Moving,
    Ending,
    Ended,
}

impl<E: Extent> Way<E> {
    fn new(extent: E) -> Self {
        Self { pump: Pump::new(Vec::new(), 0, extent), state: State::Moving }
    }

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

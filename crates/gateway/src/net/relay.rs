//! Two sockets joined: what either says reaches the other, and an end in one direction leaves the other open.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{
    buffer::Buffer,
    deadline::Deadline,
    drain::Guest,
    linger::linger,
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

/// Two sides, and how far the bytes between them have come.
pub(crate) struct Joined {
    /// The one that began.
    pub(crate) one: Side,
    /// The one that it wants.
    pub(crate) other: Side,
    /// From `one` to `other`.
    pub(super) there: Course,
    /// Back.
    pub(super) back: Course,
}

/// How far one direction has come, while nobody moves its bytes.
#[derive(Default)]
pub(super) struct Course {
    /// What was taken from the one socket and is not in the other.
    pub(super) held: Vec<u8>,
    /// Whether everything was read.
    pub(super) read: bool,
    /// Whether the other side has been told so.
    pub(super) ended: bool,
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
    /// It has not: another one is to go on.
    Turned,
    /// A fault has closed it.
    Closed,
    /// A fault has reset it.
    Reset,
}

impl Joined {
    /// Two sides between which nothing has passed.
    pub(crate) fn new(one: Side, other: Side) -> Self {
        Self { one, other, there: Course::default(), back: Course::default() }
    }

    /// The one that was wanted, if nothing is on its way to it or from it here, and nobody has said its last word.
    pub(crate) fn unused(self) -> Option<Socket> {
        let still =
            |side: &Side, course: &Course| side.read.is_none() && course.held.is_empty() && !course.read;
        let rests =
            still(&self.one, &self.there) && still(&self.other, &self.back) && self.one.socket.is_quiet();
        rests.then_some(self.other.socket)
    }

    /// Closes both as it has ended. Closed in order, they still take for `time` what comes.
    pub(crate) async fn part(self, parted: Parted, lender: &Lender, time: Duration) {
        let (one, other) = (self.one.socket, self.other.socket);
        match parted {
            Parted::Reset => {
                one.reset();
                other.reset();
            }
            Parted::Closed => {
                tokio::join!(linger(one, lender, time), linger(other, lender, time));
            }
            Parted::Both | Parted::One | Parted::Other | Parted::Told | Parted::Turned => {}
        }
    }
}

/// Joins them until both have ended, or one has failed, which then ends both; or until it `turns`, which is asked whenever
/// the guest is woken. When the gateway drains, it ends
/// once nothing has moved for `quiet`, since nobody else can tell whether a stream of bytes is done.
/// `extents` are what goes from `one` to `other`, and back, each without an end of its own. `count` is told how many
/// bytes did.
pub(crate) async fn relay<E: Extent>(
    joined: &mut Joined,
    extents: (E, E),
    lender: &Lender,
    guest: &mut Guest,
    quiet: Duration,
    count: impl Fn(u64, u64),
    turns: impl Fn() -> bool,
) -> Parted {
    let Joined { one, other, there: far, back: near } = joined;
    let (mut there, mut back) = (Way::new(far, extents.0), Way::new(near, extents.1));
    let mut deadline = Deadline::default();
    let mut leaving = false;
    let parted = poll_fn(|cx| {
        if turns() {
            return Poll::Ready(Parted::Turned);
        }
        let sent = there.poll(cx, one, other, lender);
        let received = back.poll(cx, other, one, lender);
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
    .await;
    if parted == Parted::Turned {
        match (there.stop(), back.stop()) {
            (Ok(there), Ok(back)) => (*far, *near) = (there, back),
            // What is in a pipe that cannot be read is lost, and a stream without it is none.
            _ => return Parted::Reset,
        }
    }
    parted
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
    fn new(course: &mut Course, extent: E) -> Self {
        let state = match course {
            Course { ended: true, .. } => State::Ended,
            Course { read: true, held, .. } if held.is_empty() => State::Ending,
            _ => State::Moving,
        };
        Self { pump: Pump::new(std::mem::take(&mut course.held), 0, extent), state }
    }

    /// Stops in between; how far it has come.
    fn stop(&mut self) -> io::Result<Course> {
        let (held, closed) = self.pump.stop()?;
        let (read, ended) = match self.state {
            State::Moving => (closed, false),
            State::Ending => (true, false),
            State::Ended => (true, true),
        };
        Ok(Course { held, read, ended })
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

//! Two sockets joined by way of the faults of their route, which say what goes on when.
//!
//! It does what they say, and nothing on its own: bytes are read while there is room for them, and written in their
//! order. It goes on where a plain relay has stopped, and stops where one can go on. Deliberately absent: what a
//! fault is, and splicing, since every byte waits in memory here.

use std::{
    cell::RefCell,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use navyd_model::exchange;

use super::{
    alarm::Alarm,
    deadline::Deadline,
    drain::Guest,
    pump::Lender,
    relay::{Course, Joined, Parted, Side},
};
use crate::fault::{Chain, Laid, Passage, Piece};

/// How many times bytes are moved before other connections get their turn; and how many pieces are read or written at
/// one time. Slices are small, so there may be many of them.
const TIMES: usize = 4;
const PIECES: usize = 32;

/// What it needs of where it runs.
pub(crate) struct Place<'a> {
    /// Buffers.
    pub(crate) lender: &'a Lender,
    /// By which it is told to end, and that the faults have changed.
    pub(crate) guest: &'a mut Guest,
    /// How long nothing may move before it ends together with the gateway.
    pub(crate) quiet: Duration,
}

/// Joins them until both have ended, one has failed, a fault has ended the connection, or no fault is left: then it
/// turns. `laid` tells the faults as they are now; `wrote` is told every byte that went out, and who had sent it.
pub(crate) async fn shaped(
    joined: &mut Joined,
    passage: &RefCell<Passage>,
    place: Place<'_>,
    laid: impl Fn() -> Arc<Laid>,
    wrote: impl Fn(exchange::Side, &[u8]),
) -> Parted {
    let Place { lender, guest, quiet } = place;
    let Joined { one, other, there, back } = joined;
    let begun = Instant::now();
    there.resume(&mut passage.borrow_mut().up, begun);
    back.resume(&mut passage.borrow_mut().down, begun);
    let (mut due, mut leave, mut leaving) = (Alarm::default(), Deadline::default(), false);
    poll_fn(|cx| {
        let passage = &mut *passage.borrow_mut();
        for _ in 0..TIMES {
            let now = Instant::now();
            let laid = laid();
            if laid.is_over() {
                return Poll::Ready(Parted::Closed);
            }
            passage.follow(&laid, now);
            let came = there.read_all(cx, one, &mut passage.up, lender, now)
                | back.read_all(cx, other, &mut passage.down, lender, now);
            let turn = passage.turn(now);
            if turn.reset {
                return Poll::Ready(Parted::Reset);
            }
            let up = |bytes: &[u8]| wrote(exchange::Side::Client, bytes);
            let down = |bytes: &[u8]| wrote(exchange::Side::Server, bytes);
            let went = match (
                there.write_all(cx, other, &mut passage.up, up),
                back.write_all(cx, one, &mut passage.down, down),
            ) {
                (Ok(sent), Ok(received)) => sent | received,
                (Err(Stop::Closed), _) | (_, Err(Stop::Closed)) => return Poll::Ready(Parted::Closed),
                (Err(Stop::Left), _) => return Poll::Ready(Parted::Other),
                (_, Err(Stop::Left)) => return Poll::Ready(Parted::One),
            };
            if there.ended && back.ended {
                return Poll::Ready(Parted::Both);
            }
            if passage.is_clear() {
                return Poll::Ready(Parted::Turned);
            }
            if came || went {
                leaving = false;
                continue;
            }
            due.set_at(turn.until);
            if due.poll(cx).is_ready() {
                continue;
            }
            if guest.should_leave(cx) {
                // What waits for its time is still on its way.
                if !leaving || turn.until.is_some() {
                    leave.set(quiet);
                }
                leaving = true;
                return leave.poll(cx).map(|()| Parted::Told);
            }
            return Poll::Pending;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// Why writing stopped for good.
enum Stop {
    /// Whoever it was for has left.
    Left,
    /// The connection ends here.
    Closed,
}

impl Course {
    /// Gives what a plain relay had on the way to the faults: it goes on at once, since it had passed them.
    fn resume(&mut self, chain: &mut Chain, now: Instant) {
        chain.take_passed(Bytes::from(std::mem::take(&mut self.held)), now);
        if self.read && !self.ended {
            chain.end(now);
        }
    }

    /// Reads while there is room; whether anything came.
    fn read_all(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Side,
        chain: &mut Chain,
        lender: &Lender,
        now: Instant,
    ) -> bool {
        let mut came = false;
        for _ in 0..TIMES {
            if self.read || !chain.has_room() {
                break;
            }
            if let Some(read) = from.read.take() {
                chain.take(Bytes::copy_from_slice(read.filled()), now);
                came = true;
                continue;
            }
            let mut buffer = lender.buffers.take();
            match from.socket.poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(0)) => {
                    self.read = true;
                    chain.end(now);
                }
                Poll::Ready(Ok(_)) => chain.take(Bytes::copy_from_slice(buffer.filled()), now),
                Poll::Ready(Err(_)) => {
                    self.read = true;
                    chain.close(now);
                }
                Poll::Pending => break,
            }
            came = true;
        }
        came
    }

    /// Writes what may go out; whether anything did.
    ///
    /// # Errors
    /// When the connection is over.
    fn write_all(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut Side,
        chain: &mut Chain,
        wrote: impl Fn(&[u8]),
    ) -> Result<bool, Stop> {
        let mut went = false;
        for _ in 0..PIECES {
            match chain.first() {
                None => break,
                Some(Piece::Bytes(bytes, _)) => match to.socket.poll_write(cx, bytes) {
                    Poll::Ready(Ok(count)) if count > 0 => {
                        wrote(&bytes[..count]);
                        chain.written(count);
                    }
                    Poll::Ready(_) => return Err(Stop::Left),
                    Poll::Pending => break,
                },
                Some(Piece::End(_)) => match to.socket.poll_shutdown(cx) {
                    Poll::Ready(Ok(())) => {
                        self.ended = true;
                        chain.written(0);
                    }
                    Poll::Ready(Err(_)) => return Err(Stop::Left),
                    Poll::Pending => break,
                },
                Some(Piece::Close(_)) => return Err(Stop::Closed),
            }
            went = true;
        }
        Ok(went)
    }
}

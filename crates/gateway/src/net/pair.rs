//! Two ends in memory: what one writes, the other reads.
//!
//! One end stands where a connection would, and speaks HTTP/1 bytes with it; behind the other these bytes become
//! something else, and do not leave the worker. Each direction holds so much and no more, so that whoever writes
//! waits for whoever reads. Deliberately absent: threads, since both ends belong to one worker.

use std::{
    cell::RefCell,
    io,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::ReadBuf;

use super::socket::Sign;

/// How much may be on the way in one direction.
const MOST: usize = 64 * 1024;

/// Two ends of one connection.
pub(crate) fn pair() -> (Inner, Inner) {
    let (one, other) = (Rc::<RefCell<Way>>::default(), Rc::<RefCell<Way>>::default());
    (Inner { from: Rc::clone(&one), to: Rc::clone(&other) }, Inner { from: other, to: one })
}

/// One of two ends.
pub(crate) struct Inner {
    from: Rc<RefCell<Way>>,
    to: Rc<RefCell<Way>>,
}

/// One direction.
#[derive(Default)]
struct Way {
    bytes: BytesMut,
    writer: Writer,
    /// Whether nobody will read any more.
    unread: bool,
    reading: Option<Waker>,
    writing: Option<Waker>,
}

/// What the writing end of a direction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Writer {
    #[default]
    Writes,
    /// It has said all.
    Ended,
    /// It left in the middle of something.
    Cut,
}

impl Inner {
    /// Reads into memory of somebody else; nothing is the end.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_take(cx, |bytes| {
            let count = bytes.len().min(room.remaining());
            room.put_slice(&bytes[..count]);
            bytes.advance(count);
        })
        .map_ok(Option::unwrap_or_default)
    }

    /// Everything there is to read, without copying it; nothing at the end.
    pub(crate) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        self.poll_take(cx, |bytes| std::mem::take(bytes).freeze()).map_ok(Option::unwrap_or_default)
    }

    fn poll_take<T>(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut BytesMut) -> T,
    ) -> Poll<io::Result<Option<T>>> {
        let mut way = self.from.borrow_mut();
        if !way.bytes.is_empty() {
            let taken = take(&mut way.bytes);
            if way.bytes.is_empty() {
                // Who waits for the next byte holds no memory for it.
                way.bytes = BytesMut::new();
            }
            wake(&mut way.writing);
            return Poll::Ready(Ok(Some(taken)));
        }
        match way.writer {
            Writer::Writes => {
                wait(&mut way.reading, cx);
                Poll::Pending
            }
            Writer::Ended => Poll::Ready(Ok(None)),
            Writer::Cut => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }

    /// Writes some of these bytes.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut way = self.to.borrow_mut();
        if way.unread || way.writer != Writer::Writes {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let count = bytes.len().min(MOST.saturating_sub(way.bytes.len()));
        if count == 0 && !bytes.is_empty() {
            wait(&mut way.writing, cx);
            return Poll::Pending;
        }
        way.bytes.extend_from_slice(&bytes[..count]);
        wake(&mut way.reading);
        Poll::Ready(Ok(count))
    }

    /// What the other end shows without being read.
    pub(crate) fn poll_sign(&self, cx: &mut Context<'_>) -> Poll<Sign> {
        let mut way = self.from.borrow_mut();
        let gone = self.to.borrow().unread;
        match way.writer {
            _ if !way.bytes.is_empty() => Poll::Ready(Sign::Word),
            _ if gone => Poll::Ready(Sign::Gone),
            Writer::Writes => {
                wait(&mut way.reading, cx);
                Poll::Pending
            }
            Writer::Ended => Poll::Ready(Sign::End),
            Writer::Cut => Poll::Ready(Sign::Gone),
        }
    }

    /// Whether the other end is there, and has said nothing that was not read.
    pub(super) fn is_quiet(&self) -> bool {
        let way = self.from.borrow();
        way.bytes.is_empty() && way.writer == Writer::Writes && !self.to.borrow().unread
    }

    /// Ready once the other end is dropped, whatever is still to be read: nobody waits for an answer any more.
    pub(crate) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.to.borrow().unread {
            return Poll::Ready(());
        }
        // The other end wakes its reader last of all.
        wait(&mut self.from.borrow_mut().reading, cx);
        Poll::Pending
    }

    /// Says that nothing more will be written.
    pub(crate) fn end(&mut self) {
        self.leave(Writer::Ended);
    }

    /// Leaves so that what was written does not look complete.
    pub(crate) fn cut(&self) {
        self.leave(Writer::Cut);
    }

    fn leave(&self, how: Writer) {
        let mut way = self.to.borrow_mut();
        if way.writer == Writer::Writes {
            way.writer = how;
        }
        wake(&mut way.reading);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.leave(Writer::Ended);
        let mut way = self.from.borrow_mut();
        way.unread = true;
        way.bytes = BytesMut::new();
        wake(&mut way.writing);
    }
}

fn wait(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}

fn wake(slot: &mut Option<Waker>) {
    if let Some(waker) = slot.take() {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that can be read now; `None` when there is nothing yet.
    fn read(end: &mut Inner) -> Option<Result<Bytes, io::ErrorKind>> {
        match end.poll_bytes(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(read) => Some(read.map_err(|error| error.kind())),
            Poll::Pending => None,
        }
    }

    fn write(end: &mut Inner, bytes: &[u8]) -> Option<Result<usize, io::ErrorKind>> {
        match end.poll_write(&mut Context::from_waker(Waker::noop()), bytes) {
            Poll::Ready(written) => Some(written.map_err(|error| error.kind())),
            Poll::Pending => None,
        }
    }

    fn sign(end: &Inner) -> Option<Sign> {
        match end.poll_sign(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(sign) => Some(sign),
            Poll::Pending => None,
        }
    }

    #[test]
    fn what_is_written_is_read_and_no_more_than_fits() {
        let (mut one, mut other) = pair();
        assert_eq!((read(&mut other), sign(&other)), (None, None));
        assert!(other.is_quiet());
        assert_eq!(write(&mut one, b"abc"), Some(Ok(3)));
        assert_eq!(sign(&other), Some(Sign::Word));
        assert!(one.is_quiet() && !other.is_quiet());
        assert_eq!(write(&mut one, &[0; MOST]), Some(Ok(MOST - 3)));
        assert_eq!(write(&mut one, b"d"), None);
        assert_eq!(read(&mut other).map(|read| read.map(|bytes| bytes.len())), Some(Ok(MOST)));
        assert_eq!(write(&mut one, b"d"), Some(Ok(1)));
        assert_eq!(write(&mut other, b"back"), Some(Ok(4)));
        assert_eq!(read(&mut one), Some(Ok(Bytes::from_static(b"back"))));
    }

    #[test]
    fn an_end_and_a_cut_are_told_apart() {
        let (mut one, mut other) = pair();
        write(&mut one, b"abc");
        one.end();
        assert_eq!(read(&mut other), Some(Ok(Bytes::from_static(b"abc"))));
        assert!(one.is_quiet() && !other.is_quiet());
        assert_eq!((read(&mut other), sign(&other)), (Some(Ok(Bytes::new())), Some(Sign::End)));
        assert_eq!(write(&mut other, b"still read"), Some(Ok(10)));
        drop(one);
        assert_eq!(
            (write(&mut other, b"x"), sign(&other)),
            (Some(Err(io::ErrorKind::BrokenPipe)), Some(Sign::Gone))
        );

        let (one, mut other) = pair();
        one.cut();
        assert_eq!(read(&mut other), Some(Err(io::ErrorKind::ConnectionReset)));
    }
}

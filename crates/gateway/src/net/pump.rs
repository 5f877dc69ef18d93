//! One direction of a connection: bytes from one socket to another, in order, without looking at them longer
//! than their extent needs.
//!
//! Bytes are copied through a lent buffer; where many of them need no look they are spliced instead.
//! Deliberately absent: clocks, and what the bytes mean.

use std::{
    cell::RefCell,
    io,
    rc::Rc,
    task::{Context, Poll, ready},
};

use super::{
    buffer::{Buffer, Buffers},
    os::{Pipe, Pipes},
    socket::Socket,
};

/// From how many bytes on splicing pays: the pipe costs two more system calls, the copy 64 KiB at a time.
const WORTH_SPLICING: u64 = 256 * 1024;

/// Up to how many bytes a copy behind the head costs less than writing both in one vectored call.
const WORTH_COPYING: usize = 2 * 1024;

/// A spliced portion this small tells that the flood is over.
const TRICKLE: usize = 8 * 1024;

/// The memory of how many heads is kept, and how large one of them may be.
const KEPT_HEADS: usize = 128;
const LARGE_HEAD: usize = 4096;

/// How many portions move before other connections get their turn.
const PORTIONS: usize = 16;

/// How far what is moved reaches.
pub(crate) trait Extent {
    /// How many of these bytes belong to it; they will be moved. An error when they cannot be right.
    fn admit(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// `count` bytes were moved without being seen: only after [`Ledger::Bytes`] or [`Ledger::Endless`].
    fn pass(&mut self, count: u64);

    /// What is still to come.
    fn left(&self) -> Ledger;

    /// Whether what is admitted goes out in another form. Then what is left is never told to be endless, nor bytes.
    fn recasts(&self) -> bool {
        false
    }

    /// Writes admitted bytes in that form.
    fn recast(&self, bytes: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(bytes);
    }

    /// The stream has ended: writes what goes out because of that.
    fn end(&mut self, _out: &mut Vec<u8>) {}

    /// How many of the next bytes nobody wants to see. The others are copied, even where they could be spliced.
    fn unwatched(&self) -> u64 {
        u64::MAX
    }

    /// These bytes, as they were admitted, were written, or are the next to be.
    fn saw(&mut self, _bytes: &[u8]) {}
}

/// What is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ledger {
    /// Nothing.
    Done,
    /// So many bytes, whatever they are.
    Bytes(u64),
    /// Only the bytes tell.
    Seen,
    /// Everything until the end of the stream.
    Endless,
}

/// Why a pump stopped early.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Reading failed, or the stream ended before the extent did.
    From(io::Error),
    /// Writing failed.
    To,
}

/// How a pump ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The extent is complete, and the stream may go on.
    Complete,
    /// The stream ended, and with it the extent.
    Closed,
}

/// What a worker lends to its pumps.
pub(crate) struct Lender {
    /// Buffers.
    pub(crate) buffers: Rc<Buffers>,
    /// Buffers for encrypted records.
    pub(super) records: Rc<Buffers>,
    /// Pipes.
    pub(crate) pipes: Pipes,
    heads: RefCell<Vec<Vec<u8>>>,
}

impl Default for Lender {
    fn default() -> Self {
        let records = Rc::new(Buffers::of_records());
        Self { buffers: Rc::default(), records, pipes: Pipes::default(), heads: RefCell::default() }
    }
}

impl Lender {
    /// Empty memory for a head that is written.
    pub(crate) fn head(&self) -> Vec<u8> {
        self.heads.borrow_mut().pop().unwrap_or_default()
    }

    /// Keeps the memory of a head, unless it is large or there is enough.
    pub(crate) fn keep_head(&self, mut head: Vec<u8>) {
        let mut heads = self.heads.borrow_mut();
        if head.capacity() <= LARGE_HEAD && heads.len() < KEPT_HEADS {
            head.clear();
            heads.push(head);
        }
    }
}

/// One direction.
pub(crate) struct Pump<E> {
    extent: E,
    /// What goes out before anything that is read.
    prefix: Vec<u8>,
    /// How much of the prefix is out.
    sent: usize,
    /// How much at the start of the buffer may go out.
    admitted: usize,
    /// Whether so much came at once that more is to be expected.
    flood: bool,
    closed: bool,
    /// How many bytes were written and not told of.
    moved: u64,
    pipe: Option<Pipe>,
}

impl<E: Extent> Pump<E> {
    /// Writes `prefix` from the byte `sent` on, and then what the extent covers.
    pub(crate) fn new(prefix: Vec<u8>, sent: usize, extent: E) -> Self {
        let (admitted, flood, closed, moved) = (0, false, false, 0);
        Self { extent, prefix, sent, admitted, flood, closed, moved, pipe: None }
    }

    /// How many bytes were written since this was asked last.
    pub(crate) fn take_moved(&mut self) -> u64 {
        std::mem::take(&mut self.moved)
    }

    /// Whether nothing has been written yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.sent == 0
    }

    /// Starts again with the prefix, on another socket: only where nothing has been written, or where the extent was
    /// nothing from the start.
    pub(crate) fn rewind(&mut self) {
        debug_assert!(self.is_untouched() || self.extent.left() == Ledger::Done);
        self.sent = 0;
    }

    /// The prefix's memory, for another use.
    pub(crate) fn into_prefix(self) -> Vec<u8> {
        self.prefix
    }

    /// Stops, and gives back what was taken from the one socket and is not in the other; what was read beyond is in the
    /// slot. Whether the stream has ended comes with it.
    pub(super) fn stop(&mut self) -> io::Result<(Vec<u8>, bool)> {
        self.empty_pipe()?;
        self.admitted = 0;
        Ok((self.prefix.split_off(self.sent), self.closed))
    }

    /// Takes what is in the pipe to what goes out before anything that is read.
    fn empty_pipe(&mut self) -> io::Result<()> {
        match self.pipe.take() {
            Some(mut pipe) => pipe.spill(&mut self.prefix),
            None => Ok(()),
        }
    }

    /// Moves what can be moved now. `slot` holds what was read from `from` before, and afterwards what was read
    /// beyond the extent.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Socket,
        slot: &mut Option<Buffer>,
        to: &mut Socket,
        lender: &Lender,
    ) -> Poll<Result<End, Broken>> {
        if from.stream().is_none() || to.stream().is_none() {
            // One of them is not what it was: what is in the pipe goes on by hand.
            self.empty_pipe().map_err(Broken::From)?;
        }
        for _ in 0..PORTIONS {
            if self.pipe.is_some() {
                ready!(self.poll_splice(cx, from, to, lender))?;
            } else {
                ready!(self.poll_flush(cx, slot, to))?;
            }
            match self.extent.left() {
                Ledger::Done => return Poll::Ready(Ok(End::Complete)),
                Ledger::Endless if self.closed => return Poll::Ready(Ok(End::Closed)),
                _ if self.closed => return Poll::Ready(Err(Broken::From(cut_short()))),
                Ledger::Bytes(left) if left >= WORTH_SPLICING => self.flood = true,
                _ => {}
            }
            if self.pipe.is_none() && self.flood && slot.is_none() {
                self.flood = false;
                self.pipe = match (self.extent.left(), from.stream(), to.stream()) {
                    _ if self.extent.unwatched() < WORTH_SPLICING => None,
                    (Ledger::Bytes(_) | Ledger::Endless, Some(_), Some(_)) => lender.pipes.take(),
                    _ => None,
                };
            }
            if self.pipe.is_none() && slot.is_none() {
                ready!(self.poll_read(cx, from, slot, lender))?;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes the prefix and what was read, in one call where the socket takes it.
    fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        slot: &mut Option<Buffer>,
        to: &mut Socket,
    ) -> Poll<Result<(), Broken>> {
        if let (0, Some(buffer)) = (self.admitted, &slot)
            && self.extent.left() != Ledger::Done
        {
            self.admitted = self.extent.admit(buffer.filled()).map_err(Broken::From)?;
        }
        if self.admitted > 0
            && let Some(buffer) = slot
            && self.extent.recasts()
        {
            if self.sent == self.prefix.len() {
                self.prefix.clear();
                self.sent = 0;
            }
            let admitted = &buffer.filled()[..self.admitted];
            self.extent.recast(admitted, &mut self.prefix);
            self.extent.saw(admitted);
            buffer.consume(std::mem::take(&mut self.admitted));
            if buffer.is_empty() {
                *slot = None;
            }
        }
        if self.sent < self.prefix.len()
            && (1..=WORTH_COPYING).contains(&self.admitted)
            && let Some(buffer) = slot
        {
            let admitted = &buffer.filled()[..self.admitted];
            self.prefix.extend_from_slice(admitted);
            self.extent.saw(admitted);
            buffer.consume(std::mem::take(&mut self.admitted));
            if buffer.is_empty() {
                *slot = None;
            }
        }
        while self.sent < self.prefix.len() || self.admitted > 0 {
            let read = slot.as_ref().map_or(&[][..], |buffer| &buffer.filled()[..self.admitted]);
            let head = &self.prefix[self.sent..];
            let count =
                ready!(to.poll_write_two(cx, head, read)).and_then(written).map_err(|_| Broken::To)?;
            let first = count.min(head.len());
            self.extent.saw(&read[..count - first]);
            self.sent += first;
            self.admitted -= count - first;
            self.moved += count as u64;
            if let Some(buffer) = slot {
                buffer.consume(count - first);
                if buffer.is_empty() {
                    *slot = None;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads what there is.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Socket,
        slot: &mut Option<Buffer>,
        lender: &Lender,
    ) -> Poll<Result<(), Broken>> {
        // Without bytes in it, the buffer goes back at once.
        let mut buffer = lender.buffers.take();
        let count = ready!(from.poll_read(cx, &mut buffer)).map_err(Broken::From)?;
        self.closed = count == 0;
        if self.closed {
            self.extent.end(&mut self.prefix);
        }
        self.flood = buffer.is_full();
        *slot = (count > 0).then_some(buffer);
        Poll::Ready(Ok(()))
    }

    fn poll_splice(
        &mut self,
        cx: &mut Context<'_>,
        from: &Socket,
        to: &Socket,
        lender: &Lender,
    ) -> Poll<Result<(), Broken>> {
        let (Some(pipe), Some(from), Some(to)) = (&mut self.pipe, from.stream(), to.stream()) else {
            return Poll::Ready(Ok(()));
        };
        let mut trickle = false;
        if pipe.held() == 0 {
            let most = match self.extent.left() {
                Ledger::Bytes(left) => left.min(self.extent.unwatched()),
                _ => self.extent.unwatched(),
            };
            if most == 0 {
                self.pipe.take().into_iter().for_each(|pipe| lender.pipes.give(pipe));
                return Poll::Ready(Ok(()));
            }
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let count = ready!(pipe.poll_fill(cx, from, most)).map_err(Broken::From)?;
            self.extent.pass(count as u64);
            self.closed = count == 0;
            trickle = count < TRICKLE;
        }
        while pipe.held() > 0 {
            let count = ready!(pipe.poll_drain(cx, to)).and_then(written).map_err(|_| Broken::To)?;
            self.moved += count as u64;
        }
        let unseen = matches!(self.extent.left(), Ledger::Bytes(_) | Ledger::Endless);
        if (trickle || !unseen)
            && let Some(pipe) = self.pipe.take()
        {
            lender.pipes.give(pipe);
        }
        Poll::Ready(Ok(()))
    }
}

fn written(count: usize) -> io::Result<usize> {
    if count == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(count) }
}

fn cut_short() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

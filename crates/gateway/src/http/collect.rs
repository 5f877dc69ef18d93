//! Reading a body to hold it, as far as that is bounded and it comes.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use navyd_h1::{Body, Framing};

use crate::{
    breakpoint::{MOST_BODY, Permit},
    net::{Buffer, Deadline, Lender, Socket},
    tap::Watch,
};

/// What was read of a body.
pub(super) struct Collected {
    /// Its bytes, as they were sent.
    pub(super) raw: Vec<u8>,
    /// What is still to come.
    pub(super) body: Body,
    /// Its payload, when all of it has come.
    pub(super) payload: Option<Vec<u8>>,
    /// Whether its end is that of its connection, and has come.
    pub(super) closed: bool,
}

/// Why a body was not read.
pub(super) struct Lost;

impl Collected {
    /// Nothing yet.
    pub(super) fn new(body: Body) -> Self {
        Self { raw: Vec::new(), body, payload: None, closed: false }
    }

    /// Reads until its end, or until it is longer than what may be held or stands still until the deadline. What was
    /// read beyond it stays in the slot.
    ///
    /// # Errors
    /// When its connection ends too early, or it cannot be right.
    pub(super) async fn read(
        &mut self,
        framing: Framing,
        (socket, slot): (&mut Socket, &mut Option<Buffer>),
        (deadline, quiet): (&mut Deadline, std::time::Duration),
        (permit, watch): (&mut Permit, Option<Watch>),
        lender: &Lender,
    ) -> Result<(), Lost> {
        // Whoever says how long it is need not be believed, but is known not to fit.
        if matches!(framing, Framing::Length(length) if length > MOST_BODY as u64) {
            return Ok(());
        }
        let mut payload = Vec::new();
        deadline.set(quiet);
        while !self.body.is_done() && !self.closed {
            if let Some(buffer) = slot.as_mut() {
                // The framing of chunks counts as well, or a sender could fill the memory with it.
                if !permit.grow(buffer.filled().len()) {
                    return Ok(());
                }
                let mut runs = self.body.payload(buffer.filled());
                for run in runs.by_ref() {
                    payload.extend_from_slice(run.map_err(|_| Lost)?);
                }
                let taken = &buffer.filled()[..runs.taken()];
                self.raw.extend_from_slice(taken);
                if let Some(watch) = &watch {
                    watch.bytes(taken);
                }
                let taken = taken.len();
                buffer.consume(taken);
                if buffer.is_empty() {
                    *slot = None;
                }
                deadline.set(quiet);
                continue;
            }
            let mut buffer = lender.buffers.take();
            match poll_fn(|cx| poll_more(cx, socket, &mut buffer, deadline)).await {
                More::Bytes => *slot = Some(buffer),
                More::Late => return Ok(()),
                More::End if framing == Framing::UntilClose => self.closed = true,
                More::End => return Err(Lost),
            }
        }
        self.payload = Some(payload);
        Ok(())
    }
}

/// What came.
enum More {
    Bytes,
    End,
    Late,
}

fn poll_more(
    cx: &mut Context<'_>,
    socket: &mut Socket,
    buffer: &mut Buffer,
    deadline: &mut Deadline,
) -> Poll<More> {
    match socket.poll_read(cx, buffer) {
        Poll::Ready(Ok(1..)) => Poll::Ready(More::Bytes),
        Poll::Ready(_) => Poll::Ready(More::End),
        Poll::Pending => deadline.poll(cx).map(|()| More::Late),
    }
}

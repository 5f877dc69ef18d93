//! The body of a message, from the bytes of HTTP/1 to a stream of HTTP/2.

use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use h2::{Reason, SendStream};
use navyd_h1::{Body, Framing, Part, Side};

use super::trailers;
use crate::net::Inner;

/// A body that is being sent.
pub(super) struct Sending {
    stream: SendStream<Bytes>,
    body: Body,
    /// Whether it ends when nothing more is said.
    until_end: bool,
    /// Payload that is not yet sent.
    data: Bytes,
    /// The lines of trailers, so far.
    trailers: Vec<u8>,
    ended: bool,
    sent: u64,
}

/// Why a body was not sent to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsent {
    /// Who reads it has left.
    Left,
    /// It was cut short, or is not what its head says.
    Cut,
}

impl Sending {
    /// The body behind a head with this framing.
    pub(super) fn new(stream: SendStream<Bytes>, framing: Framing, side: Side) -> Self {
        let until_end = matches!(framing, Framing::UntilClose | Framing::Tunnel);
        let body = Body::new(framing, side);
        let ended = body.is_done();
        Self { stream, body, until_end, data: Bytes::new(), trailers: Vec::new(), ended, sent: 0 }
    }

    /// Takes the payload out of these bytes, which come before all that is to be read.
    ///
    /// # Errors
    /// When they are not what the head says.
    pub(super) fn take(&mut self, mut bytes: Bytes) -> Result<(), Unsent> {
        debug_assert!(self.data.is_empty());
        let mut several = BytesMut::new();
        while !bytes.is_empty() {
            let piece = self.body.piece(&bytes).map_err(|_| Unsent::Cut)?;
            if piece.length == 0 {
                break;
            }
            let run = bytes.split_to(piece.length);
            match piece.part {
                Part::Framing => {}
                Part::Trailer => self.trailers.extend_from_slice(&run),
                Part::Payload if self.data.is_empty() && several.is_empty() => self.data = run,
                // Small chunks become one frame.
                Part::Payload => {
                    several.extend_from_slice(&std::mem::take(&mut self.data));
                    several.extend_from_slice(&run);
                }
            }
        }
        if !several.is_empty() {
            self.data = several.freeze();
        }
        self.ended = self.body.is_done();
        Ok(())
    }

    /// Sends what has been said, as far as the reader gives credit for it. Ready once all is sent.
    ///
    /// # Errors
    /// When either side left early.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, from: &mut Inner) -> Poll<Result<(), Unsent>> {
        loop {
            while !self.data.is_empty() {
                if self.stream.capacity() == 0 {
                    self.stream.reserve_capacity(self.data.len());
                    if !matches!(ready!(self.stream.poll_capacity(cx)), Some(Ok(_))) {
                        return Poll::Ready(Err(Unsent::Left));
                    }
                }
                let part = self.data.split_to(self.stream.capacity().min(self.data.len()));
                self.sent += part.len() as u64;
                let last = self.data.is_empty() && self.ended && self.trailers.is_empty();
                self.stream.send_data(part, last).map_err(|_| Unsent::Left)?;
                if last {
                    return Poll::Ready(Ok(()));
                }
            }
            if self.ended {
                let sent = match trailers::read(&self.trailers) {
                    Some(trailers) if !trailers.is_empty() => self.stream.send_trailers(trailers),
                    Some(_) => self.stream.send_data(Bytes::new(), true),
                    None => return Poll::Ready(Err(Unsent::Cut)),
                };
                return Poll::Ready(sent.map_err(|_| Unsent::Left));
            }
            if self.stream.poll_reset(cx).is_ready() {
                return Poll::Ready(Err(Unsent::Left));
            }
            match ready!(from.poll_bytes(cx)) {
                Ok(bytes) if !bytes.is_empty() => self.take(bytes)?,
                Ok(_) if self.until_end => self.ended = true,
                _ => return Poll::Ready(Err(Unsent::Cut)),
            }
        }
    }

    /// How many bytes of payload were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether there is something to send, and the reader gives no credit for it.
    pub(super) fn is_stuck(&self) -> bool {
        !self.data.is_empty()
    }

    /// Ends the stream before its body does.
    pub(super) fn reset(&mut self, reason: Reason) {
        self.stream.send_reset(reason);
    }
}

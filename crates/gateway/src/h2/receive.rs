//! The body of a message, from a stream of HTTP/2 to the bytes of HTTP/1.

use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use h2::{Reason, RecvStream};
use navyd_h1::encode::{CHUNK_END, chunk_head, last_chunk};

use super::{request::After, trailers};
use crate::net::Inner;

/// A body that is being received.
pub(super) struct Receiving {
    stream: RecvStream,
    chunks: bool,
    /// What is written before the data: a head.
    front: Vec<u8>,
    data: Bytes,
    back: &'static [u8],
    ended: bool,
}

impl Receiving {
    /// The body of this stream, written like that behind `front`.
    pub(super) fn new(stream: RecvStream, after: After, front: Vec<u8>) -> Self {
        let (chunks, ended) = (after == After::Chunks, after == After::Nothing);
        Self { stream, chunks, front, data: Bytes::new(), back: b"", ended }
    }

    /// Writes what has come, and gives the sender credit for as much (RFC 9113 §5.2). Ready once all is written, or
    /// nobody reads it any more.
    ///
    /// # Errors
    /// When the stream ends early, or its trailers are malformed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, to: &mut Inner) -> Poll<Result<(), Reason>> {
        loop {
            while !self.front.is_empty() {
                let Ok(count) = ready!(to.poll_write(cx, &self.front)) else { return Poll::Ready(Ok(())) };
                self.front.drain(..count);
            }
            while !self.data.is_empty() {
                let Ok(count) = ready!(to.poll_write(cx, &self.data)) else { return Poll::Ready(Ok(())) };
                self.data.advance(count);
                self.stream.flow_control().release_capacity(count).map_err(|error| reason(&error))?;
            }
            while !self.back.is_empty() {
                let Ok(count) = ready!(to.poll_write(cx, self.back)) else { return Poll::Ready(Ok(())) };
                self.back = &self.back[count..];
            }
            if self.ended {
                return Poll::Ready(Ok(()));
            }
            match ready!(self.stream.poll_data(cx)) {
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => {
                    if self.chunks {
                        self.front.extend_from_slice(chunk_head(data.len() as u64).as_ref());
                        self.back = CHUNK_END;
                    }
                    self.data = data;
                }
                Some(Err(error)) => return Poll::Ready(Err(reason(&error))),
                None => {
                    let map = ready!(self.stream.poll_trailers(cx)).map_err(|error| reason(&error))?;
                    // Without chunks there is no place for them.
                    if self.chunks {
                        let map = map.unwrap_or_default();
                        last_chunk(trailers::fields(&map)?, &mut self.front);
                    }
                    self.ended = true;
                }
            }
        }
    }
}

/// With which reason a stream ended.
fn reason(error: &h2::Error) -> Reason {
    error.reason().unwrap_or(Reason::INTERNAL_ERROR)
}

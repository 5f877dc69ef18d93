//! A socket as the `h2` library wants it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::{Buffer, Buffers, Lender, Socket};

/// A socket, and what was read from it and is not used up. Whatever there is to read is read at once, into a lent
/// buffer: the library asks for one frame after the other.
pub(super) struct Wire {
    socket: Socket,
    read: Option<Buffer>,
    buffers: Rc<Buffers>,
}

impl Wire {
    pub(super) fn new(socket: Socket, read: Option<Buffer>, lender: &Lender) -> Self {
        Self { socket, read, buffers: Rc::clone(&lender.buffers) }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut buffer = match this.read.take() {
            Some(buffer) => buffer,
            None => {
                // Without bytes in it, the buffer goes back at once.
                let mut buffer = this.buffers.take();
                ready!(this.socket.poll_read(cx, &mut buffer))?;
                buffer
            }
        };
        let count = buffer.filled().len().min(room.remaining());
        room.put_slice(&buffer.filled()[..count]);
        buffer.consume(count);
        this.read = Some(buffer).filter(|buffer| !buffer.is_empty());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().socket.poll_write(cx, bytes)
    }

    /// Writes the first two parts, which is a frame's head and its payload.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut parts = parts.iter().filter(|part| !part.is_empty());
        let (first, second) = (parts.next(), parts.next());
        match (first, second) {
            (Some(first), Some(second)) => self.get_mut().socket.poll_write_two(cx, first, second),
            (Some(only), None) => self.get_mut().socket.poll_write(cx, only),
            (None, _) => Poll::Ready(Ok(0)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().socket.poll_shutdown(cx)
    }
}

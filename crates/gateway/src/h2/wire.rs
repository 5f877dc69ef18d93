//! A socket as the `h2` library wants it.
//!
//! The library sends each frame with a body as soon as it has it, which would be a system call and a record of TLS for
//! each response. So frames are gathered here, and go out together once the task that moves them has done what there
//! was to do: that is what [`Outlet::sending`] is for. Deliberately absent: waiting for more frames than there are.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    io::{self, IoSlice},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::{Buffer, Buffers, Lender, Socket};

/// A frame with so many bytes goes out by itself: copying them costs more than a call.
const LARGE: usize = 8 * 1024;

/// A socket as the library has it.
pub(super) struct Wire(Rc<RefCell<Line>>);

/// The same socket for whoever runs the library.
pub(super) struct Outlet(Rc<RefCell<Line>>);

struct Line {
    socket: Socket,
    /// What was read and is not used up. Whatever there is to read is read at once, into a lent buffer: the library
    /// asks for one frame after the other.
    read: Option<Buffer>,
    /// Frames that the library takes for sent.
    going: Option<Buffer>,
    /// Why they could not be, until the library is told.
    failed: Option<io::Error>,
    buffers: Rc<Buffers>,
}

impl Wire {
    /// A socket from which this was read already. What is written goes out through the outlet.
    pub(super) fn new(socket: Socket, read: Option<Buffer>, lender: &Lender) -> (Self, Outlet) {
        let buffers = Rc::clone(&lender.buffers);
        let line = Rc::new(RefCell::new(Line { socket, read, going: None, failed: None, buffers }));
        (Self(Rc::clone(&line)), Outlet(line))
    }
}

impl Outlet {
    /// Runs what reads and writes, and sends what was written whenever it waits or is done.
    pub(super) async fn sending<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let polled = future.as_mut().poll(cx);
            self.0.borrow_mut().send(cx);
            polled
        })
        .await
    }
}

impl Line {
    /// Sends what there is, as far as the socket takes it. A failure is for the library, which is woken for it.
    fn send(&mut self, cx: &mut Context<'_>) {
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            self.failed = Some(error);
            self.going = None;
            cx.waker().wake_by_ref();
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(going) = &mut self.going {
            let count = ready!(self.socket.poll_write(cx, going.filled()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            going.consume(count);
            if going.is_empty() {
                self.going = None;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes some of these bytes, `first` before `second`.
    fn poll_write(&mut self, cx: &mut Context<'_>, first: &[u8], second: &[u8]) -> Poll<io::Result<usize>> {
        self.told()?;
        let most = first.len() + second.len();
        if most >= LARGE {
            ready!(self.poll_send(cx))?;
            return self.socket.poll_write_two(cx, first, second);
        }
        if self.going.as_ref().is_some_and(|going| going.left() < most) {
            ready!(self.poll_send(cx))?;
        }
        let going = self.going.get_or_insert_with(|| self.buffers.take());
        Poll::Ready(Ok(going.append(first) + going.append(second)))
    }

    /// What the library has not heard yet.
    fn told(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let line = &mut *self.0.borrow_mut();
        let mut buffer = match line.read.take() {
            Some(buffer) => buffer,
            None => {
                // Without bytes in it, the buffer goes back at once.
                let mut buffer = line.buffers.take();
                ready!(line.socket.poll_read(cx, &mut buffer))?;
                buffer
            }
        };
        let count = buffer.filled().len().min(room.remaining());
        room.put_slice(&buffer.filled()[..count]);
        buffer.consume(count);
        line.read = Some(buffer).filter(|buffer| !buffer.is_empty());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().poll_write(cx, bytes, &[])
    }

    /// Writes the first two parts, which is a frame's head and its payload.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut parts = parts.iter().filter(|part| !part.is_empty());
        match (parts.next(), parts.next()) {
            (Some(first), second) => {
                self.0.borrow_mut().poll_write(cx, first, second.map_or(&[], |second| second))
            }
            (None, _) => Poll::Ready(Ok(0)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Ready at once: the library asks for it after every frame.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.borrow_mut().told())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut line = self.0.borrow_mut();
        line.told()?;
        ready!(line.poll_send(cx))?;
        line.socket.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::net::{Inner, pair};

    fn context() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    /// How much has come out since this was asked last; `None` when the end has.
    fn came(far: &mut Inner) -> Option<usize> {
        match far.poll_bytes(&mut context()) {
            Poll::Ready(Ok(bytes)) => Some(bytes.len()).filter(|count| *count > 0),
            Poll::Ready(Err(_)) => None,
            Poll::Pending => Some(0),
        }
    }

    fn write(wire: &mut Wire, head: &[u8], body: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(wire).poll_write_vectored(&mut context(), &[IoSlice::new(head), IoSlice::new(body)])
    }

    /// Lets the outlet send once, as a task does that waits.
    fn wait(outlet: &Outlet) {
        let mut waits = pin!(outlet.sending(std::future::pending::<()>()));
        assert!(waits.as_mut().poll(&mut context()).is_pending());
    }

    fn line() -> (Wire, Outlet, Inner) {
        let (near, far) = pair();
        let (wire, outlet) = Wire::new(Socket::inner(near, None), None, &Lender::default());
        (wire, outlet, far)
    }

    #[test]
    fn small_frames_go_out_together_and_in_their_order() {
        let (mut wire, outlet, mut far) = line();
        for _ in 0..3 {
            assert!(matches!(write(&mut wire, &[1; 9], &[2; 1024]), Poll::Ready(Ok(1033))));
            assert!(Pin::new(&mut wire).poll_flush(&mut context()).is_ready());
        }
        assert_eq!(came(&mut far), Some(0));
        wait(&outlet);
        assert_eq!(came(&mut far), Some(3 * 1033));
        assert!(matches!(write(&mut wire, &[3; 9], &[]), Poll::Ready(Ok(9))));
        // A large one does not wait, nor pass what was before.
        assert!(matches!(write(&mut wire, &[4; 9], &[5; LARGE]), Poll::Ready(Ok(9))));
        assert_eq!(came(&mut far), Some(18));
        assert!(matches!(write(&mut wire, &[6; 9], &[]), Poll::Ready(Ok(9))));
        assert!(Pin::new(&mut wire).poll_shutdown(&mut context()).is_ready());
        assert_eq!((came(&mut far), came(&mut far)), (Some(9), None));
    }

    #[test]
    fn what_the_socket_does_not_take_is_kept_and_bounded() {
        let (mut wire, outlet, mut far) = line();
        let mut written = 0;
        while let Poll::Ready(count) = write(&mut wire, &[7; 4096], &[]) {
            written += count.unwrap();
            assert!(written < 1 << 20);
        }
        let mut read = 0;
        while let Some(count @ 1..) = came(&mut far) {
            read += count;
            wait(&outlet);
        }
        assert_eq!(read, written);
    }

    #[test]
    fn a_failure_is_told_to_the_next_who_writes() {
        let (mut wire, outlet, far) = line();
        drop(far);
        assert!(matches!(write(&mut wire, &[1; 9], &[]), Poll::Ready(Ok(9))));
        wait(&outlet);
        assert!(matches!(Pin::new(&mut wire).poll_flush(&mut context()), Poll::Ready(Err(_))));
    }
}

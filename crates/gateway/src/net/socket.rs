//! A connected stream, read and written by hand.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    net::SocketAddr,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use rustls::ServerConfig;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead as _, AsyncWrite as _, ReadBuf},
    net::TcpStream,
};

use super::{buffer::Buffer, os, pair::Inner, pump::Lender, tls::Tls};

/// What a peer shows without being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// There is something to read.
    Word,
    /// It says no more, and may still read.
    End,
    /// It has left.
    Gone,
}

/// One end of a connection.
pub(crate) struct Socket {
    stream: Stream,
    /// Where it leads, when it was opened here.
    ends: Option<Ends>,
}

/// The addresses of a connection that was opened here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    /// Ours.
    pub(crate) ours: SocketAddr,
    /// The peer's.
    pub(crate) theirs: SocketAddr,
}

/// What carries its bytes.
enum Stream {
    Network(TcpStream),
    /// A socket in the file system.
    Local(os::Local),
    /// A client that speaks TLS.
    Secure(Box<Tls>),
    /// Something of this worker.
    Inner(Inner),
}

impl Socket {
    /// An accepted stream.
    pub(crate) fn accepted(stream: TcpStream) -> Self {
        Self { stream: Stream::Network(stream), ends: None }
    }

    /// One end of a connection that does not leave this worker, and the addresses of the one that carries it on.
    pub(crate) fn inner(end: Inner, ends: Option<Ends>) -> Self {
        Self { stream: Stream::Inner(end), ends }
    }

    /// Connects to an address of this machine.
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        // With no listener, an ephemeral port can be given to a socket that then connects to itself.
        let ends = Ends { ours: stream.local_addr()?, theirs: stream.peer_addr()? };
        if ends.ours == ends.theirs {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        Ok(Self { stream: Stream::Network(stream), ends: Some(ends) })
    }

    /// Connects to a socket in the file system.
    pub(crate) async fn connect_local(path: &Path) -> io::Result<Self> {
        Ok(Self { stream: Stream::Local(os::connect_local(path).await?), ends: None })
    }

    /// Puts TLS on an accepted stream, of which `read` was read already. Ready once both have agreed on keys.
    ///
    /// # Errors
    /// When they cannot agree, which the client was told then, or the connection fails.
    pub(crate) async fn secured(
        self,
        read: Option<Buffer>,
        config: Arc<ServerConfig>,
        lender: &Lender,
    ) -> io::Result<Self> {
        let Stream::Network(stream) = self.stream else { return Err(io::ErrorKind::Unsupported.into()) };
        let mut tls = Box::new(Tls::new(stream, read, config, lender)?);
        poll_fn(|cx| tls.poll_handshake(cx)).await?;
        Ok(Self { stream: Stream::Secure(tls), ends: None })
    }

    /// Our address of an accepted stream, as its client knows it.
    pub(crate) fn ours(&self) -> Option<SocketAddr> {
        self.stream().and_then(|stream| stream.local_addr().ok())
    }

    /// The addresses of a connection that was opened here, unless to the file system.
    pub(crate) fn ends(&self) -> Option<Ends> {
        self.ends
    }

    /// What the client and we have agreed to speak, where TLS let us.
    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        match &self.stream {
            Stream::Secure(tls) => tls.protocol(),
            Stream::Network(_) | Stream::Local(_) | Stream::Inner(_) => None,
        }
    }

    /// The stream, for what moves bytes without seeing them; `None` where bytes must be copied.
    pub(super) fn stream(&self) -> Option<&TcpStream> {
        match &self.stream {
            Stream::Network(stream) => Some(stream),
            Stream::Local(_) | Stream::Secure(_) | Stream::Inner(_) => None,
        }
    }

    /// Reads into the buffer, which must have room; 0 is the end.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut Buffer) -> Poll<io::Result<usize>> {
        debug_assert!(!into.is_full());
        let mut room = ReadBuf::new(into.room());
        ready!(match &mut self.stream {
            Stream::Network(stream) => Pin::new(stream).poll_read(cx, &mut room),
            Stream::Local(stream) => Pin::new(stream).poll_read(cx, &mut room),
            Stream::Secure(tls) => return tls.poll_read(cx, into),
            Stream::Inner(end) => end.poll_read(cx, &mut room),
        })?;
        let count = room.filled().len();
        into.grow(count);
        Poll::Ready(Ok(count))
    }

    /// Writes some of these bytes. Pending, it must be called again with bytes that begin with the same: TLS may have
    /// encrypted them, and tells of them only once they are sent.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Network(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Local(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Secure(tls) => tls.poll_write(cx, bytes, &[]),
            Stream::Inner(end) => end.poll_write(cx, bytes),
        }
    }

    /// Writes some of `first`, and then of `second`, in one call.
    pub(crate) fn poll_write_two(
        &mut self,
        cx: &mut Context<'_>,
        first: &[u8],
        second: &[u8],
    ) -> Poll<io::Result<usize>> {
        match (first, second) {
            (bytes, []) | ([], bytes) => self.poll_write(cx, bytes),
            _ => {
                let both = [IoSlice::new(first), IoSlice::new(second)];
                match &mut self.stream {
                    Stream::Network(stream) => Pin::new(stream).poll_write_vectored(cx, &both),
                    Stream::Local(stream) => Pin::new(stream).poll_write_vectored(cx, &both),
                    Stream::Secure(tls) => tls.poll_write(cx, first, second),
                    Stream::Inner(end) => end.poll_write(cx, first),
                }
            }
        }
    }

    /// Ready when the peer has said something, without reading it: how the wait for its next word ended. Only for
    /// clients: of a local socket it is never known.
    pub(crate) fn poll_sign(&mut self, cx: &mut Context<'_>) -> Poll<Sign> {
        let stream = match &mut self.stream {
            Stream::Network(stream) => stream,
            Stream::Local(_) => return Poll::Pending,
            Stream::Secure(tls) => return tls.poll_sign(cx),
            Stream::Inner(end) => return end.poll_sign(cx),
        };
        let mut one = [0];
        let peeked = ready!(stream.poll_peek(cx, &mut ReadBuf::new(&mut one)));
        Poll::Ready(match peeked {
            Ok(0) => Sign::End,
            Ok(_) => Sign::Word,
            Err(_) => Sign::Gone,
        })
    }

    /// Whether an idle connection is still as it was left: neither closed nor spoken to.
    pub(crate) fn is_quiet(&self) -> bool {
        let read = match &self.stream {
            Stream::Network(stream) => stream.try_read(&mut [0]),
            Stream::Local(stream) => stream.try_read(&mut [0]),
            Stream::Secure(tls) => return tls.is_quiet(),
            Stream::Inner(end) => return end.is_quiet(),
        };
        matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Closes it so that the peer learns of it as a failure, and does not take what it has for all there is.
    pub(crate) fn reset(self) {
        let stream = match &self.stream {
            Stream::Network(stream) => stream,
            Stream::Secure(tls) => tls.stream(),
            Stream::Local(_) => return,
            Stream::Inner(end) => return end.cut(),
        };
        // Refused, it closes as any other connection does.
        let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
    }

    /// Closes it in order, without waiting.
    pub(crate) fn close(self) {
        if let Stream::Secure(tls) = self.stream {
            tls.take_leave();
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Network(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Local(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Secure(tls) => tls.poll_shutdown(cx),
            Stream::Inner(end) => {
                end.end();
                Poll::Ready(Ok(()))
            }
        }
    }
}

//! Linux: SO_REUSEPORT spreads connections over workers, and splice(2) moves pages from socket to socket.

use std::{
    cell::RefCell,
    io,
    os::fd::OwnedFd,
    task::{Context, Poll, ready},
};

use rustix::{
    pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use socket2::{SockAddr, Socket as RawSocket};
use tokio::{io::Interest, net::TcpStream};

/// How much a pipe holds when the kernel allows it: the most that an ordinary user may ask for.
const PIPE: usize = 1 << 20;

/// How many empty pipes a worker keeps.
const KEPT: usize = 16;

/// Lets a stream's address be bound again while old connections of it still linger.
pub(in crate::net) fn reuse_after_close(socket: &RawSocket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// Adds sockets to the bound one until there are `count`; each has a queue of its own.
pub(in crate::net) fn share(
    sockets: &mut Vec<RawSocket>,
    count: usize,
    open: impl Fn() -> io::Result<(RawSocket, SockAddr)>,
) -> io::Result<()> {
    if count < 2 {
        return Ok(());
    }
    for first in sockets.iter() {
        first.set_reuse_port(true)?;
    }
    while sockets.len() < count {
        let (socket, address) = open()?;
        socket.set_reuse_port(true)?;
        socket.bind(&address)?;
        sockets.push(socket);
    }
    Ok(())
}

/// Asks for as many open files as this process may have: every connection is two.
pub(crate) fn raise_file_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // Refused, the old limit holds, and the accept loop waits when it is reached.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// The empty pipes of a worker.
#[derive(Default)]
pub(crate) struct Pipes(RefCell<Vec<Pipe>>);

impl Pipes {
    /// A pipe, or `None` where none can be had: then bytes are copied.
    pub(in crate::net) fn take(&self) -> Option<Pipe> {
        self.0.borrow_mut().pop().or_else(Pipe::new)
    }

    /// Keeps an empty pipe for the next who needs one; one with bytes in it is closed.
    pub(in crate::net) fn give(&self, pipe: Pipe) {
        let mut kept = self.0.borrow_mut();
        if pipe.held == 0 && kept.len() < KEPT {
            kept.push(pipe);
        }
    }
}

/// Bytes in the kernel, on their way from one socket to another.
pub(in crate::net) struct Pipe {
    out: OwnedFd,
    into: OwnedFd,
    held: usize,
}

impl Pipe {
    fn new() -> Option<Self> {
        let (out, into) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).ok()?;
        // A smaller pipe does as well, only slower.
        let _ = fcntl_setpipe_size(&into, PIPE);
        Some(Self { out, into, held: 0 })
    }

    /// How many bytes are in it.
    pub(in crate::net) fn held(&self) -> usize {
        self.held
    }

    /// Moves up to `most` bytes from the socket into the empty pipe; 0 is the socket's end.
    ///
    /// Only an empty pipe is filled: of a full one the kernel says the same as of a silent socket.
    pub(in crate::net) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        from: &TcpStream,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        debug_assert_eq!(self.held, 0);
        loop {
            ready!(from.poll_read_ready(cx))?;
            match from.try_io(Interest::READABLE, || {
                moved(splice(
                    from,
                    None,
                    &self.into,
                    None,
                    most.min(PIPE),
                    SpliceFlags::NONBLOCK | SpliceFlags::MOVE,
                ))
            }) {
                Ok(count) => {
                    self.held = count;
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Takes what is in it.
    pub(in crate::net) fn spill(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        let mut rest = vec![0; self.held];
        while self.held > 0 {
            let count = rustix::io::read(&self.out, &mut rest[..self.held])?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            into.extend_from_slice(&rest[..count]);
            self.held -= count;
        }
        Ok(())
    }

    /// Moves bytes from the pipe into the socket.
    pub(in crate::net) fn poll_drain(
        &mut self,
        cx: &mut Context<'_>,
        to: &TcpStream,
    ) -> Poll<io::Result<usize>> {
        // Without MORE: the kernel would hold back a last part segment in the hope of more.
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        loop {
            ready!(to.poll_write_ready(cx))?;
            match to.try_io(Interest::WRITABLE, || moved(splice(&self.out, None, to, None, self.held, flags)))
            {
                Ok(count) => {
                    self.held -= count;
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

fn moved(result: rustix::io::Result<usize>) -> io::Result<usize> {
    Ok(result?)
}

//! Systems without splice(2), and where SO_REUSEPORT does not spread connections: workers share one socket,
//! and bytes are copied.

use std::{
    io,
    task::{Context, Poll},
};

use socket2::{SockAddr, Socket as RawSocket};
use tokio::net::TcpStream;

/// Lets a stream's address be bound again while old connections of it still linger; on Windows that is the
/// default, and the option would share it with any program.
pub(in crate::net) fn reuse_after_close(socket: &RawSocket) -> io::Result<()> {
    if cfg!(windows) { Ok(()) } else { socket.set_reuse_address(true) }
}

/// Adds handles of the bound socket until there are `count`.
pub(in crate::net) fn share(
    sockets: &mut Vec<RawSocket>,
    count: usize,
    _open: impl Fn() -> io::Result<(RawSocket, SockAddr)>,
) -> io::Result<()> {
    while sockets.len() < count {
        let Some(first) = sockets.first() else { return Ok(()) };
        let another = first.try_clone()?;
        sockets.push(another);
    }
    Ok(())
}

/// Nothing: the limit of open files is not known to be in the way here.
pub(crate) fn raise_file_limit() {}

/// No pipes.
#[derive(Default)]
pub(crate) struct Pipes;

impl Pipes {
    pub(in crate::net) fn take(&self) -> Option<Pipe> {
        None
    }

    pub(in crate::net) fn give(&self, pipe: Pipe) {
        match pipe {}
    }
}

/// A pipe that cannot be.
#[derive(Clone, Copy)]
pub(in crate::net) enum Pipe {}

impl Pipe {
    pub(in crate::net) fn held(&self) -> usize {
        match *self {}
    }

    pub(in crate::net) fn spill(&mut self, _into: &mut Vec<u8>) -> io::Result<()> {
        match *self {}
    }

    pub(in crate::net) fn poll_fill(
        &mut self,
        _cx: &mut Context<'_>,
        _from: &TcpStream,
        _most: usize,
    ) -> Poll<io::Result<usize>> {
        match *self {}
    }

    pub(in crate::net) fn poll_drain(
        &mut self,
        _cx: &mut Context<'_>,
        _to: &TcpStream,
    ) -> Poll<io::Result<usize>> {
        match *self {}
    }
}

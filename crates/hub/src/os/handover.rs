//! Sockets that are handed over to a program that is about to start.

use std::{io, net::TcpListener, process::Stdio};

/// A listening socket as the standard input of a command, from where [`take_over`] puts it into its place.
#[cfg(unix)]
pub(crate) fn as_input(listener: TcpListener) -> io::Result<Stdio> {
    // The standard library's own are never waited for, and neither do those who take sockets over expect it.
    listener.set_nonblocking(false)?;
    Ok(std::os::fd::OwnedFd::from(listener).into())
}

/// A socket cannot be handed over here.
#[cfg(not(unix))]
pub(crate) fn as_input(_: TcpListener) -> io::Result<Stdio> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Moves the socket at the standard input to descriptor 3, where sd_listen_fds(3) looks for it, and puts
/// `/dev/null` in its place.
///
/// # Errors
/// When descriptor 3 is taken, which only a caller that left it open can have done.
#[cfg(unix)]
pub fn take_over() -> io::Result<()> {
    use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
    use std::os::fd::{AsRawFd as _, IntoRawFd as _};
    let socket = fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    if socket.as_raw_fd() != 3 {
        return Err(io::Error::other("descriptor 3 is taken"));
    }
    fcntl_setfd(&socket, FdFlags::empty())?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    // It is for the program that comes next: it must not be closed here.
    let _ = socket.into_raw_fd();
    Ok(())
}

/// A socket cannot be handed over here.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn take_over() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

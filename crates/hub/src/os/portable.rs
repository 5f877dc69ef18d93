//! Systems whose sockets do not tell who is at the other end: there the hub does not run in the background.

use std::{convert::Infallible, fs::OpenOptions, io, path::Path};

use super::Peer;

/// One end of a connection. None is ever made.
pub(crate) type Stream = tokio::net::TcpStream;

/// A socket that only this user can connect to. None is ever made.
pub(crate) struct Listener(Infallible);

impl Listener {
    /// Refused.
    pub(crate) fn bind(_: &Path) -> io::Result<Self> {
        Err(unsupported())
    }

    /// Of a socket that there is not.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self.0 {}
    }
}

/// Refused.
pub(crate) async fn connect(_: &Path) -> io::Result<(Stream, Peer)> {
    Err(unsupported())
}

/// Users have no numbers here; nothing is compared with it, since nothing connects.
pub(crate) fn own_uid() -> u32 {
    u32::MAX
}

/// Whether this process may do everything: not known here.
pub(crate) fn is_root() -> bool {
    false
}

/// As the system's defaults make them.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// The file system sees to it.
pub(crate) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Refused.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    Err(unsupported())
}

/// Refused.
///
/// # Errors
/// Always.
pub fn leave_terminal() -> io::Result<()> {
    Err(unsupported())
}

fn unsupported() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "the hub does not run on this system yet")
}

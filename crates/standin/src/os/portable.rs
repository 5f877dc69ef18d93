//! Systems where a file is read and written.

use std::{fs::File, io};

use tokio::net::TcpStream;

/// Says that it cannot be done here.
///
/// # Errors
/// Always [`io::ErrorKind::Unsupported`].
pub(crate) async fn send_file(_: &TcpStream, _: &File, _: u64, _: u64) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Reads from an offset on.
///
/// # Errors
/// The system's.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], from: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, from)
}

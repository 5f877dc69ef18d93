//! Linux: `sendfile(2)`, and what `/proc` tells of this process.

use std::{fs::File, io};

use tokio::{io::Interest, net::TcpStream};

/// The most that one call may send: so that other connections have their turn.
const MOST: u64 = 2 * 1024 * 1024;

/// Sends `length` bytes of a file from an offset on, without their coming here. Less where the file has got shorter.
///
/// # Errors
/// When the connection fails, or [`io::ErrorKind::Unsupported`] before any byte where this file cannot be sent so.
pub(crate) async fn send_file(stream: &TcpStream, file: &File, from: u64, length: u64) -> io::Result<u64> {
    let mut at = from;
    let end = from + length;
    while at < end {
        let most = usize::try_from((end - at).min(MOST)).unwrap_or(usize::MAX);
        let send = || Ok(rustix::fs::sendfile(stream, file, Some(&mut at), most)?);
        let sent = match stream.try_io(Interest::WRITABLE, send) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                stream.writable().await?;
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput && at == from => {
                return Err(io::ErrorKind::Unsupported.into());
            }
            sent => sent?,
        };
        if sent == 0 {
            break;
        }
        // A client as fast as the disk must not keep all others waiting.
        tokio::task::consume_budget().await;
    }
    Ok(at - from)
}

/// The bytes of memory that this process has.
pub(crate) fn memory() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

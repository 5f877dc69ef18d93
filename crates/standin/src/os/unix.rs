//! Unix: `pread(2)`, `pwrite(2)`, modes, urgent bytes, and how many files may be open.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
};

use rustix::{
    net::{RecvFlags, recv, sockopt::set_socket_oobinline},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use tokio::net::TcpStream;

/// Reads from an offset on, without moving the file's own.
///
/// # Errors
/// The system's.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], from: u64) -> io::Result<usize> {
    file.read_at(bytes, from)
}

/// Writes at an offset, without moving the file's own.
///
/// # Errors
/// The system's.
pub(crate) fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    file.write_all_at(bytes, at)
}

/// Asks for as many open files as this process may have: there are more seats than most are given at first.
pub(crate) fn more_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // Refused, the old limit holds, and who comes waits when it is reached.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Has urgent bytes stand among the others: clients of FTP send the end of ABOR so.
pub(crate) fn take_urgent(stream: &TcpStream) {
    // Refused, ABOR is heard with the next command.
    let _ = set_socket_oobinline(stream, true);
}

/// What has come behind an urgent byte, which every read stops before: the runtime takes a read that was not full for
/// the last, and would wait. 0 where nothing has.
pub(crate) fn read_behind_urgent(stream: &TcpStream, bytes: &mut [u8]) -> usize {
    recv(stream, bytes, RecvFlags::DONTWAIT).map_or(0, |(read, _)| read)
}

/// Whether anybody may run it.
///
/// # Errors
/// The system's.
pub(crate) fn is_executable(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.mode() & 0o111 != 0)
}

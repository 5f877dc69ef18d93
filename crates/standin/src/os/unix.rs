//! Unix: `pread(2)`, `pwrite(2)`, and modes.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
};

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

/// Whether anybody may run it.
///
/// # Errors
/// The system's.
pub(crate) fn is_executable(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.mode() & 0o111 != 0)
}

//! Unix: `pread(2)`.

use std::{fs::File, io, os::unix::fs::FileExt};

/// Reads from an offset on, without moving the file's own.
///
/// # Errors
/// The system's.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], from: u64) -> io::Result<usize> {
    file.read_at(bytes, from)
}

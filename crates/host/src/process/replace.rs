//! Becoming another program.

use std::{io, process::Command};

/// Puts a program in the place of this process, so that its exit status, its streams and every signal are its
/// own. Returns only when it cannot be started.
///
/// # Errors
/// Why it cannot be started.
#[cfg(unix)]
pub fn become_program(command: &mut Command) -> io::Result<u8> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

/// Where a process cannot become another program: runs it to its end, and returns its exit status; 1 when that
/// is greater than 255, so that failure stays failure.
///
/// # Errors
/// Why it cannot be started.
#[cfg(not(unix))]
pub fn become_program(command: &mut Command) -> io::Result<u8> {
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

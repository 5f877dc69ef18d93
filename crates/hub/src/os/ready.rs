//! Telling the manager that started this program that it answers now (sd_notify(3)).
//!
//! Deliberately absent: everything else that can be told, such as a status or a watchdog.

use std::io;

/// Tells it, where it waits for that.
///
/// # Errors
/// When the manager does not listen where it says.
#[cfg(unix)]
pub fn tell_ready() -> io::Result<()> {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else {
        return Ok(());
    };
    let speaker = std::os::unix::net::UnixDatagram::unbound()?;
    speaker.send_to_addr(b"READY=1", &address(&socket)?)?;
    Ok(())
}

/// No manager here waits for that.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn tell_ready() -> io::Result<()> {
    Ok(())
}

/// "If the first character of $NOTIFY_SOCKET is "@", the string is understood as Linux abstract namespace socket."
#[cfg(target_os = "linux")]
fn address(socket: &std::ffi::OsStr) -> io::Result<std::os::unix::net::SocketAddr> {
    use std::os::{linux::net::SocketAddrExt as _, unix::ffi::OsStrExt as _, unix::net::SocketAddr};
    match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(socket),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn address(socket: &std::ffi::OsStr) -> io::Result<std::os::unix::net::SocketAddr> {
    std::os::unix::net::SocketAddr::from_pathname(socket)
}

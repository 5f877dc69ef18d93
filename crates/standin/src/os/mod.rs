//! What stand-ins need of the system beyond the standard library: moving bytes of files, and opening them below a
//! folder and nowhere else.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::send_file;
#[cfg(unix)]
mod below;
#[cfg(unix)]
pub(crate) use below::{Below, number};
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::read_at;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::send_file;
#[cfg(not(unix))]
pub(crate) use portable::{Below, number, read_at};

/// What else than a slash parts names, or drives and streams from names, on this system.
pub(crate) const PARTING: &[u8] = if cfg!(windows) { b"\\:" } else { b"" };

//! What stand-ins need of the system beyond the standard library: moving bytes of files.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::send_file;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::read_at;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(not(unix))]
pub(crate) use portable::read_at;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::send_file;

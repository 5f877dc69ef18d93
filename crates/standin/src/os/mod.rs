//! What stand-ins need of the system beyond the standard library: moving bytes of files, and opening them below a
//! folder and nowhere else.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::{memory, send_file};
#[cfg(unix)]
mod below;
#[cfg(unix)]
pub(crate) use below::{Below, number};
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{is_executable, more_files, read_at, read_behind_urgent, take_urgent, write_at};
#[cfg(unix)]
mod folder;
#[cfg(unix)]
pub(crate) use folder::Folder;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(not(unix))]
pub(crate) use portable::{
    Below, Folder, is_executable, more_files, number, read_at, read_behind_urgent, take_urgent, write_at,
};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{memory, send_file};

mod stamp;
pub(crate) use stamp::Stamp;

/// What else than a slash parts names, or drives and streams from names, on this system.
pub(crate) const PARTING: &[u8] = if cfg!(windows) { b"\\:" } else { b"" };

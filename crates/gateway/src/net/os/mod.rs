//! The seam to the operating system: sharing an address between workers, pipes that move bytes without
//! copying, sockets in the file system, exact timers, and the limit of open files. One API, a file for each system.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg_attr(unix, path = "local.rs")]
#[cfg_attr(not(unix), path = "no_local.rs")]
mod local;

#[cfg_attr(target_os = "linux", path = "timer.rs")]
#[cfg_attr(not(target_os = "linux"), path = "no_timer.rs")]
mod timer;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

pub(super) use local::{Local, connect_local};
pub(crate) use system::raise_file_limit;
pub(super) use system::{Pipe, Pipes, reuse_after_close, share};
pub(super) use timer::Timer;

//! What the hub needs of the operating system: a socket whose other end is known, directories and files that are
//! only one's own, randomness, a life without a terminal. One API, one file for each family of systems.
//!
//! Where a system lacks something, the answer is an error of the kind `Unsupported`, never an invented value.

mod cgroup;
mod family;
pub(crate) mod files;
mod handover;
#[cfg(not(unix))]
mod portable;
mod ready;
mod service;
mod socket_unit;
#[cfg(unix)]
mod unix;

pub(crate) use cgroup::Cgroup;
pub(crate) use family::{adopt_orphans, bury, ended, lead_group, signal_group};
pub use files::private_directory;
pub(crate) use handover::as_input;
pub use handover::take_over;
#[cfg(not(unix))]
pub use portable::leave_terminal;
#[cfg(not(unix))]
pub(crate) use portable::{Listener, Stream, connect, is_root, own_uid, private, random, sync_directory};
pub use ready::tell_ready;
pub(crate) use service::SERVICE_UNIT;
pub use service::{Unit, unit};
pub(crate) use socket_unit::{SOCKET_UNIT, paths as socket_unit_paths, socket_units, summons};
#[cfg(unix)]
pub use unix::leave_terminal;
#[cfg(unix)]
pub(crate) use unix::{Listener, Stream, connect, is_root, own_uid, private, random, sync_directory};

/// The process at the other end of a socket, as the kernel knows it (SO_PEERCRED and its like).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its effective user when it connected or listened.
    pub(crate) uid: u32,
    /// Its process id; `None` where the kernel does not say.
    pub(crate) pid: Option<u32>,
}

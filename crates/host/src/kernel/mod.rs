//! The kernel's own picture: one API, one folder for each operating system.
//!
//! Nothing here decides anything. Unknown stays `None`.

mod filter;
mod inbound;
mod rule;
mod settings;
mod socket;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

use std::{num::NonZero, sync::OnceLock, thread};

#[cfg(target_os = "linux")]
use linux as os;
#[cfg(not(target_os = "linux"))]
use portable as os;

pub use filter::{Did, Fate, Filter, Flow, Hit, Older, Step};
pub use inbound::{Arrival, Inbound};
#[cfg(all(target_os = "linux", feature = "fuzz"))]
pub use os::fuzz;
pub use os::{
    ANCHORS, Cgroups, HOSTS, clock, destroy, filter, find, handed_over, inbound, interfaces, limits, links,
    namespaces, published, rules, settings, sockets, sockets_in, stdout_is_read, trace, unix_listeners,
};
#[cfg(target_os = "linux")]
pub(crate) use os::{same_files, spread, unix_with_unread};
pub use rule::{Action, Published, Rule, RuleQuery, ToPort};
pub use settings::{Clock, Link, Lost, Read, Settings, Tracked};
pub use socket::{
    Error, Interface, Limits, Query, Socket, Source, States, Table, TcpInfo, Transport, UnixSocket,
};

/// How many threads this process can run at once; 1 when that is not told. Asked once, since it takes several
/// files to answer.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}

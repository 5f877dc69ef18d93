//! Who holds a socket, and where that process came from.
//!
//! One API, one implementation for each operating system: [`Owners`] finds the processes behind sockets,
//! [`Describer`] reads one, [`Process`] stops one. What a fact means (which project, framework or supervisor; what must never be stopped) is decided
//! by pure functions that know no operating system. Deliberately absent: running any program (git and the
//! supervisors are read, never called), reading environments (they hold secrets), but for variables that a caller
//! names, and any choice of what to stop. Everything read here was written by somebody else: it may be any bytes, and may vanish mid-read.

pub mod framework;
pub mod launch;
pub mod project;
pub mod protection;
pub mod supervisor;

pub(crate) mod bounded;
mod census;
mod condition;
mod replace;
mod stop;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(test)]
pub(crate) mod scratch;

#[cfg(target_os = "linux")]
use linux as os;
#[cfg(not(target_os = "linux"))]
use portable as os;

pub use census::Member;
pub use condition::{Access, Condition, File};
pub use os::{
    Describer, Hold, Owners, Process, Writable, access, ancestors, census, children, condition, container,
    descriptor_in_flight, descriptors, environment, has_mapped, holds, inodes, lost_leader, own_user, pids,
    protected, variables,
};
pub use replace::become_program;
pub use stop::{Signal, StopError};

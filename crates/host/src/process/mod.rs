//! Who holds a socket, and where that process came from.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as os;

pub use os::{Hold, Owners, own_user, pids};

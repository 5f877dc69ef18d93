//! Where no implementation is: the paths that the BSDs and macOS have, too; everything else stays unknown.

use super::{Told, facts::Surroundings};

/// Who is asked for names.
pub(super) const RESOLVER: &str = "/etc/resolv.conf";
/// Where names are looked up.
pub(super) const SOURCES: &str = "/etc/nsswitch.conf";
/// Which address comes first.
pub(super) const ORDER: &str = "/etc/gai.conf";

/// Why nothing is told.
const UNSUPPORTED: &str = "on this system navyd cannot tell";

/// The machine's own name: not told.
pub(super) fn host_name() -> Told<String> {
    Err(UNSUPPORTED.into())
}

/// The version of the kernel: not told.
pub(super) fn kernel_version() -> Told<String> {
    Err(UNSUPPORTED.into())
}

/// What surrounds this process: not told.
pub(super) fn surroundings() -> Surroundings {
    Surroundings::unread(UNSUPPORTED)
}

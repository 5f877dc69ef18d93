//! The dangers, one file each: what must have been seen for it to be true, and what mends it.
//!
//! A leaf looks at facts and at nothing else, and says nothing when it is not shown. Its file holds the planted
//! danger and its clean twin as a table of tests.

mod browser_devtools;
mod debugger;
mod directory_removed;
mod exe_replaced;
mod jdwp;
mod node_inspector;
mod open_to_write;
mod orphan;
mod privileged;
mod secret_in_argv;
mod wildcard_bind;

use super::Check;

/// Every check, by number.
pub(super) const CHECKS: &[&Check] = &[
    &wildcard_bind::CHECK,
    &node_inspector::CHECK,
    &browser_devtools::CHECK,
    &jdwp::CHECK,
    &debugger::CHECK,
    &privileged::CHECK,
    &exe_replaced::CHECK,
    &directory_removed::CHECK,
    &orphan::CHECK,
    &secret_in_argv::CHECK,
    &open_to_write::CHECK,
];

#[cfg(test)]
mod fixture;

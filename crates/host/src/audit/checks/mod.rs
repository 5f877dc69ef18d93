//! The dangers, one file each: what must have been seen for it to be true, and what mends it.
//!
//! A leaf looks at facts and at nothing else, and says nothing when it is not shown. Its file holds the planted
//! danger and its clean twin as a table of tests.

mod exe_replaced;
mod wildcard_bind;

use super::Check;

/// Every check, by number.
pub(super) const CHECKS: &[&Check] = &[&wildcard_bind::CHECK, &exe_replaced::CHECK];

#[cfg(test)]
mod fixture;

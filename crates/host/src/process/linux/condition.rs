//! The condition that a process is in, from the files that its links lead to.

use super::entry::Entry;
use crate::process::Condition;

/// Reads it. A process that is gone has none.
pub fn condition(pid: u32) -> Condition {
    let Some(entry) = Entry::open(pid) else { return Condition::default() };
    let gone = |link| entry.links(link).map(|links| links == 0);
    Condition { exe_gone: gone("exe"), cwd_gone: gone("cwd") }
}

//! Signals for everything that a service has started.
//!
//! Its group gets the signal as a whole, while its leader has not been waited for: until then nobody else can have
//! the group's number. Everybody outside of the group gets it by a handle that was opened before it was checked.
//! Deliberately absent: waiting, and asking twice.

use std::collections::HashSet;

use navyd_host::process::{Member, Process, Signal};
use navyd_model::config::StopSignal;

use crate::os;

/// Sends a signal: to the group of `leader`, and to each of `tree` and `inside` that is not in it.
///
/// A signal that only a service's own processes understand is for its group; those outside are asked to terminate.
pub(super) fn signal(wanted: StopSignal, leader: Option<u32>, tree: &[Member], inside: &[u32]) {
    let grouped = leader.filter(|leader| os::signal_group(*leader, wanted).is_ok());
    let other = if wanted == StopSignal::Kill { Signal::Kill } else { Signal::Terminate };
    let mut reached = HashSet::new();
    for member in tree {
        reached.insert(member.pid);
        if grouped.is_some() && grouped == Some(member.group) {
            continue;
        }
        // Who is gone needs no signal, and who has become another user's process may not be sent one.
        if let Ok(process) = Process::open(member.pid)
            && process.is(member.started)
        {
            let _ = process.signal(other);
        }
    }
    // In its control group nobody else can be.
    for pid in inside.iter().filter(|pid| grouped != Some(**pid) && !reached.contains(pid)) {
        if let Ok(process) = Process::open(*pid) {
            let _ = process.signal(other);
        }
    }
}

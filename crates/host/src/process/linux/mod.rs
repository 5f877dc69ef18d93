//! Linux: `/proc/PID` (proc_pid(5)), and pidfds to stop a process without a race.

mod argv;
mod census;
mod children;
mod condition;
mod describe;
mod descriptors;
mod entry;
mod kin;
mod lineage;
mod name;
mod owners;
mod stat;
mod stop;
mod text;
mod users;
mod writable;

pub use census::{census, environment, inodes, variables};
pub use children::children;
pub use condition::{access, condition, has_mapped};
pub use describe::Describer;
pub use descriptors::descriptors;
pub use lineage::lost_leader;
pub use owners::{Hold, Owners, descriptor_in_flight, holds, own_user, pids};
pub use stop::Process;
pub use writable::Writable;

use navyd_model::Ancestor;

use super::{protection, supervisor};
use entry::Entry;
use kin::Kindred;

/// The parents of a process, the nearest first, up to and without pid 1.
pub fn ancestors(pid: u32) -> Vec<Ancestor> {
    Kindred::default().parents(pid).iter().map(|parent| parent.ancestor()).collect()
}

/// The container that a process lives in, such as `docker:3f2a9c1b7d44`; `None` when it is also the reader's.
pub fn container(pid: u32) -> Option<String> {
    let of = |entry: Entry| supervisor::container(&entry.cgroup());
    let found = of(Entry::open(pid)?)?;
    let own = Entry::open(std::process::id()).and_then(of);
    (Some(&found) != own.as_ref()).then(|| found.to_string())
}

/// Why the process is never stopped: it is pid 1, navyd or a parent of it, or carries logins, containers or
/// an editor. `None` when it may be stopped.
pub fn protected(pid: u32) -> Option<String> {
    let own = std::process::id();
    let mut kindred = Kindred::default();
    let own_parents: Vec<_> = kindred.parents(own).iter().map(|parent| parent.kin.pid).collect();
    let kin = kindred.known(pid).map(|known| known.kin.clone());
    protection::reason(&kin.unwrap_or(supervisor::Kin { pid, ..Default::default() }), own, &own_parents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_end_before_pid_one_and_are_never_stopped() {
        let own = std::process::id();
        let parents = ancestors(own);
        assert!(parents.iter().all(|parent| parent.pid > 1 && parent.pid != own), "{parents:?}");
        assert!(protected(own).is_some());
        assert!(protected(1).is_some());
        for parent in parents {
            assert!(protected(parent.pid).is_some(), "{parent:?}");
        }
    }

    #[test]
    fn ones_own_container_is_no_news() {
        assert_eq!(container(std::process::id()), None);
    }

    #[test]
    fn a_process_that_is_not_there_has_neither_parents_nor_children() {
        let never = u32::MAX >> 1;
        assert_eq!((ancestors(never).len(), children(never).len(), container(never)), (0, 0, None));
    }
}

//! Work on many processes, spread over the cores.
//!
//! A machine that is itself a guest may take an idle core of its own for one that its host has lent to others, and puts
//! a new thread behind the one that made it: there it waits for a whole slice, 3 to 4 ms, which is as long as the work
//! takes. So whoever makes a thread yields once, and a thread that finds itself where it was made leaves that core.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use rustix::thread::{sched_getaffinity, sched_getcpu, sched_setaffinity, sched_yield};

use crate::kernel::cores;

/// More threads than this wait for each other's locks inside the kernel.
const MOST_THREADS: usize = 8;

/// Runs `each` for every process id, on as many threads as there are cores, and returns what each thread has made of
/// its share. This thread does `first` before it joins in, and nobody waits for that.
pub(crate) fn spread<T: Send>(
    pids: &[u32],
    first: impl FnOnce(),
    share: impl Fn() -> T + Sync,
    each: impl Fn(u32, &mut T) + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = share();
        while let Some(&pid) = pids.get(next.fetch_add(1, Ordering::Relaxed)) {
            each(pid, &mut made);
        }
        made
    };
    let here = sched_getcpu();
    let elsewhere = || {
        leave(here);
        work()
    };
    thread::scope(|scope| {
        // A thread that the system refuses is work for the others.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, elsewhere).ok();
        let others: Vec<_> = (1..cores().min(MOST_THREADS)).filter_map(spawn).collect();
        if !others.is_empty() {
            sched_yield();
        }
        first();
        let own = work();
        let others = others.into_iter().filter_map(|other| other.join().ok());
        others.chain([own]).collect()
    })
}

/// Moves this thread from a core to any other that it may use; where there is none, or the system does not let it, it
/// stays.
fn leave(core: usize) {
    if sched_getcpu() != core {
        return;
    }
    let Ok(mut allowed) = sched_getaffinity(None) else { return };
    allowed.unset(core);
    if allowed.count() > 0 {
        // Refused, it shares the core.
        let _ = sched_setaffinity(None, &allowed);
    }
}

#[cfg(test)]
mod tests {
    use rustix::thread::CpuSet;

    use super::*;

    #[test]
    fn each_is_met_once_and_the_first_work_is_done() {
        let pids: Vec<u32> = (1..=1000).collect();
        let mut first = false;
        let made = spread(&pids, || first = true, Vec::new, |pid, made| made.push(pid));
        let mut all: Vec<u32> = made.into_iter().flatten().collect();
        all.sort_unstable();
        assert_eq!((all, first), (pids, true));
    }

    #[test]
    fn a_thread_leaves_the_core_where_it_is_unless_there_is_no_other() {
        let left = thread::spawn(|| {
            let allowed = sched_getaffinity(None).unwrap();
            let here = sched_getcpu();
            let mut alone = CpuSet::new();
            alone.set(here);
            // The system may move a thread at any moment that may be on two cores.
            let leaves = || {
                sched_setaffinity(None, &alone).unwrap();
                leave(here);
                assert_eq!((sched_getcpu(), sched_getaffinity(None).unwrap()), (here, alone));
                sched_setaffinity(None, &allowed).unwrap();
                leave(here);
                !sched_getaffinity(None).unwrap().is_set(here)
            };
            allowed.count() == 1 || (0..1000).any(|_| leaves())
        });
        assert!(left.join().unwrap());
    }
}

//! Work on many processes, spread over the cores.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

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
    thread::scope(|scope| {
        // A thread that the system refuses is work for the others.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..cores().min(MOST_THREADS)).filter_map(spawn).collect();
        first();
        let own = work();
        let others = others.into_iter().filter_map(|other| other.join().ok());
        others.chain([own]).collect()
    })
}

#[cfg(test)]
mod tests {
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
}

//! What a hub that was killed has left running.
//!
//! Its services carry a mark in their environment; without their hub nobody restarts them, holds their logs or ends
//! them, so they end before others start at their ports. Only processes of this user can be seen, and ended.

use std::time::{Duration, Instant};

use navyd_host::process::{self, Process, Signal};

use super::looker::MARK;

/// How long they may take to end before they are killed. Whoever starts the hub waits for that.
const PATIENCE: Duration = Duration::from_secs(3);

/// Ends every process whose mark begins with `owner`. Blocks until they have ended, and not much longer than
/// three seconds.
pub(super) fn end(owner: &str) {
    let own = std::process::id();
    let mut left: Vec<Process> = process::pids()
        .into_iter()
        .filter(|pid| *pid != own)
        .filter(|pid| process::environment(*pid, MARK).is_some_and(|mark| mark.starts_with(owner.as_bytes())))
        .filter_map(|pid| Process::open(pid).ok())
        .collect();
    for (signal, patience) in [(Signal::Terminate, PATIENCE), (Signal::Kill, PATIENCE)] {
        for process in &left {
            // Whoever is gone needs none.
            let _ = process.signal(signal);
        }
        let until = Instant::now() + patience;
        left.retain(|process| !process.wait(until.saturating_duration_since(Instant::now())));
    }
}

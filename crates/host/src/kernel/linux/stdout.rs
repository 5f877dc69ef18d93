//! Whether anybody still reads what this process writes (poll(2)).

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    stdio::stdout,
};

/// Whether standard output still has a reader. A pipe whose reader has ended would say so only to the next
/// write, for which there may never be a reason. True when it cannot be told.
pub fn stdout_is_read() -> bool {
    let out = stdout();
    // Errors and hang-ups are told unasked.
    let mut watched = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    !poll(&mut watched, Some(&at_once)).is_ok_and(|told| told > 0)
}

//! Breakpoints: exchanges of HTTP that are held on their way until somebody has looked at them.
//!
//! `board` is what all workers share: which breakpoints there are, and what is held; `amend` decides what may be
//! changed. The waiting is in `http/pause`, where an exchange is decided upon. Where there is no breakpoint, an
//! exchange pays one load for that. Deliberately absent: who asked for a breakpoint, and for how long.

mod amend;
mod board;

pub use amend::Wrong;
pub(crate) use amend::{amend, without_expectation};
pub use board::{Breakpoint, Breakpoints, Held, MOST_BODY, MOST_HELD, Notice, Refused, Release, Wanted};
pub(crate) use board::{Caught, Permit, Verdict};

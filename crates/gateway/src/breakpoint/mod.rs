//! Breakpoints: exchanges of HTTP that are held on their way until somebody has looked at them.
//!
//! `board` is what all workers share, `held` what can be said of what it holds; `amend` decides what may be
//! changed. The waiting is in `http/pause`, where an exchange is decided upon. Where there is no breakpoint, an
//! exchange pays one load for that. Deliberately absent: who asked for a breakpoint, and for how long.

mod amend;
mod board;
mod held;

pub use amend::Wrong;
pub(crate) use amend::{amend, without_expectation};
pub use board::{Breakpoints, MOST_BODY, MOST_HELD};
pub(crate) use board::{Caught, Permit, Verdict};
pub use held::{Breakpoint, Held, Notice, Refused, Release, Wanted};

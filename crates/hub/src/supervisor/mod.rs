//! Services: started, watched, restarted and ended with everything that they started.
//!
//! What happens to one service is decided by `course`, purely; its keeper carries that out. Deliberately absent:
//! routes, which follow what services say of themselves, and reading configurations.

mod course;
#[cfg(test)]
pub(crate) mod fixture;
mod keeper;
mod leftover;
mod lines;
mod log;
mod logfile;
mod looker;
mod news;
mod order;
mod pause;
pub mod plan;
mod ports;
mod projects;
mod pump;
mod ready;
mod shared;
mod spawn;
mod stop;
mod tree;

pub use log::{Follow, Log};
pub(crate) use looker::MARK;
pub use projects::{Act, Changed, RunError, Supervisor};
pub use spawn::HAND_OVER;

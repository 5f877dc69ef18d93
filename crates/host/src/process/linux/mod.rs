//! Processes as `/proc` shows them.

mod owners;

pub use owners::{Hold, Owners, own_user, pids};

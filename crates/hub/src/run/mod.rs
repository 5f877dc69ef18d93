//! Services: started, watched, restarted and ended with everything that they started.
//!
//! What happens to one service is decided by [`course`], purely; its keeper carries that out. Deliberately absent:
//! routes, which follow what services say of themselves, and reading configurations.

mod course;
#[cfg(test)]
mod fixture;
mod order;
mod pause;
pub mod plan;

//! What was read of this machine before anybody judges it: plain data, so that every row is tested without a machine
//! that is ill in that way.

use crate::kernel::{Interface, Limits};

/// What was read, or why it could not be: a whole clause without a full stop, such as "`nft` needs root".
pub type Told<T> = Result<T, String>;

/// All that rows may know.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The network devices, as rtnetlink tells them: `/sys/class/net` shows those of another namespace.
    pub interfaces: Told<Vec<Interface>>,
    /// What the settings say about ports.
    pub limits: Limits,
}

//! The condition that a process is in.

/// What is unusual about a process. `None` is what may not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// Whether its executable has no name on the disk any more (`st_nlink` is 0).
    pub exe_gone: Option<bool>,
    /// Whether its working directory was removed.
    pub cwd_gone: Option<bool>,
}

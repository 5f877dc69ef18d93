//! Who is whose: every process by the few numbers that tell to which family it belongs.

/// A process among all of them. Its number may be another's a moment later: with [`Member::started`] it is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Member {
    /// The process.
    pub pid: u32,
    /// Its parent, or who took it in.
    pub parent: u32,
    /// Its process group, named by its leader.
    pub group: u32,
    /// Its session, named likewise.
    pub session: u32,
    /// When it started, in clock ticks since boot.
    pub started: u64,
    /// Whether it has ended, and was not waited for.
    pub ended: bool,
}

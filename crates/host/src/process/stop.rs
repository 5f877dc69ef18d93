//! How a process is asked to stop, and why that may fail.

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: asks; the program may clean up, or refuse.
    Terminate,
    /// SIGKILL: ends; the program is not asked.
    Kill,
}

/// Why a process could not be opened or signalled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// It has ended.
    #[error("process `{0}` is gone")]
    Gone(u32),
    /// It belongs to another user.
    #[error("process `{0}` belongs to another user")]
    NotPermitted(u32),
    /// This operating system, or a sandbox around navyd, has no handles on processes.
    #[error("process `{0}` cannot be stopped safely here: there are no process handles (pidfd)")]
    Unsupported(u32),
    /// Another answer of the kernel.
    #[error("process `{pid}`: {source}")]
    Io {
        /// The process.
        pid: u32,
        /// The kernel's answer.
        source: std::io::Error,
    },
}

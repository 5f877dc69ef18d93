//! How navyd ends.

use std::process::ExitCode;

/// What the exit status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: yes, or clean.
    Yes,
    /// 1: no, nothing found, or findings.
    No,
    /// 2: wrong use, or a failure.
    Failure,
    /// 130: interrupted by a person, as a shell reports it (128 + SIGINT).
    Interrupted,
    /// The status of the command that was run.
    Child(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Yes => 0,
            Exit::No => 1,
            Exit::Failure => 2,
            Exit::Interrupted => 130,
            Exit::Child(status) => status,
        })
    }
}

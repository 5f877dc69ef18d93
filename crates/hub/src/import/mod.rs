//! Exchanges from other tools, as [`Raw`]: a file for each format.
//!
//! Whoever wrote the bytes may be anybody, so every text that could end a line of a head is refused, and sizes are
//! bounded. Deliberately absent: keeping what was read; numbers of exchanges, which the keeper gives anew.
//!
//! [`Raw`]: crate::export::Raw

mod har;

pub use har::{Archive, MOST_BODY, MOST_ENTRIES, MOST_FILE, har};

/// Why a file is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is longer than is read.
    #[error("the archive is longer than {} MiB", .0 >> 20)]
    Long(usize),
    /// It is no archive, or one of its values cannot be.
    #[error("line {line}, column {column}: {what}")]
    Mistake {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1; 0 where the mistake is the line's end.
        column: usize,
        /// What is wrong there.
        what: String,
    },
}

#[cfg(test)]
mod tests;

//! Why the capture cannot answer.

use std::{io, path::PathBuf};

/// Why the capture cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A file or directory of the capture cannot be used.
    #[error("cannot use `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database does not answer.
    #[error("the capture cannot be read or written: {0}")]
    Database(#[from] rusqlite::Error),
    /// A thread cannot be started.
    #[error("cannot start a thread for the capture")]
    Thread(#[source] io::Error),
}

impl CaptureError {
    /// A file or directory that cannot be used.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

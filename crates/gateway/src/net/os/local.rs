//! Sockets in the file system, where there are any.

use std::{io, path::Path};

/// A connected one.
pub(in crate::net) type Local = tokio::net::UnixStream;

/// Connects to one.
pub(in crate::net) async fn connect_local(path: &Path) -> io::Result<Local> {
    Local::connect(path).await
}

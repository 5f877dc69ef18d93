//! Systems without sockets in the file system: there is never a connected one.

use std::{io, path::Path};

/// One that never is.
pub(in crate::net) type Local = tokio::net::TcpStream;

/// Says that there are none.
pub(in crate::net) async fn connect_local(_path: &Path) -> io::Result<Local> {
    Err(io::ErrorKind::Unsupported.into())
}

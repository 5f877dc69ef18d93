//! Why a hub does not start.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why a hub does not start, or ends badly. Nothing of it is left then.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A directory of the hub's is not safe, or cannot be made.
    #[error("`{}` cannot be the hub's directory", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file of the hub's cannot be read or written.
    #[error("`{}` cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A hub with another runtime directory has the same routes.
    #[error("another hub keeps the routes in `{}`", state.display())]
    Elsewhere {
        /// The directory that both would write.
        state: PathBuf,
    },
    /// A hub has the lock and does not answer.
    #[error("the hub that holds `{}` does not answer", socket.display())]
    Silent {
        /// Its socket.
        socket: PathBuf,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Who listens there, when it is known.
        holder: Option<String>,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no thread or no event queue.
    #[error("the hub cannot run")]
    System(#[source] io::Error),
}

impl HubError {
    /// Why it happened.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Directory { why, .. } => Some(why.clone()),
            Self::File { source, .. } | Self::System(source) => Some(source.to_string()),
            Self::Elsewhere { .. } => Some("it was started with another `XDG_RUNTIME_DIR`".to_owned()),
            Self::Silent { .. } => Some("it is starting, ending or stuck".to_owned()),
            Self::Listen { holder: Some(holder), .. } => Some(format!("{holder} listens there")),
            Self::Listen { source, .. } => Some(match source.kind() {
                io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
                io::ErrorKind::PermissionDenied => "ports below 1024 need a permission".to_owned(),
                io::ErrorKind::AddrNotAvailable => "the address is not one of this machine".to_owned(),
                _ => source.to_string(),
            }),
        }
    }

    /// What can be typed now.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Directory { path, .. } => Some(format!("ls -ld {}", path.display())),
            Self::File { path, .. } => Some(format!("ls -l {}", path.display())),
            Self::Listen { address, .. } => Some(format!("navyd why {}", address.port())),
            Self::Elsewhere { .. } | Self::Silent { .. } => Some("navyd ls --unix".to_owned()),
            Self::System(_) => None,
        }
    }
}

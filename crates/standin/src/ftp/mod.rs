//! The files of a folder over FTP (RFC 959, RFC 3659), by the library `libunftp`.
//!
//! Connections come through our own doors; the library talks. Data connections are passive alone, at the address that
//! the client has reached already, so that the loopback device's stay on it. Deliberately absent: active connections,
//! with which a client could make this machine connect to others; commands of a site; and TLS, for
//! which the library wants files of certificates.

mod folder;
mod guard;
mod told;

use std::{io, path::Path, rc::Rc, sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use folder::Folder;
use libunftp::{
    Server, ServerBuilder,
    options::{ActivePassiveMode, SiteMd5},
};
use slog::{Discard, Logger, o};
pub use told::{Moved, ToldFile};
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials as Given, DefaultUser, Principal};

use crate::{Socket, Stop, Talk, Talking, http::Credentials, limits};

/// How long the last reply may take once the last file is through.
const LAST_WORD: Duration = Duration::from_millis(100);

/// What is served, and to whom.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether files may be written, renamed and deleted.
    pub upload: bool,
    /// Whether names are reached that begin with a dot.
    pub hidden: bool,
    /// Who may come; anyone where it is `None`.
    pub auth: Option<Credentials>,
}

/// A folder that is served.
pub struct Ftp {
    folder: Folder,
    auth: Option<Credentials>,
    told: Option<ToldFile>,
}

impl Ftp {
    /// Opens a folder.
    ///
    /// # Errors
    /// When it is none, or cannot be read.
    pub fn open(path: &Path, settings: Settings) -> io::Result<Self> {
        let Settings { upload, hidden, auth } = settings;
        Ok(Self { folder: Folder::open(path, upload, hidden)?, auth, told: None })
    }

    /// Tells of each file that is moved.
    #[must_use]
    pub fn telling(self, told: Option<ToldFile>) -> Self {
        Self { told, ..self }
    }

    /// A server for one client.
    fn server(&self) -> Option<Server<Folder, DefaultUser>> {
        let folder = self.folder.clone();
        let seconds = limits::IDLE.as_secs();
        let mut builder = ServerBuilder::new(Box::new(move || folder.clone()))
            .greeting("navyd ftp")
            .logger(Logger::root(Discard, o!()))
            .active_passive_mode(ActivePassiveMode::PassiveOnly)
            .sitemd5(SiteMd5::None)
            .idle_session_timeout(seconds);
        if let Some(auth) = &self.auth {
            builder = builder.authenticator(Arc::new(Password(auth.clone())));
        }
        if let Some(told) = &self.told {
            builder = builder.notify_data(told::Listener(Arc::clone(told)));
        }
        builder.build().ok()
    }
}

impl Talk for Ftp {
    fn talk(self: Rc<Self>, socket: Socket, mut stop: Stop) -> Talking {
        Box::pin(async move {
            let (Some(stream), Some(server)) = (socket.into_plain(), self.server()) else { return };
            let conversation = server.service(stream);
            tokio::pin!(conversation);
            tokio::select! {
                biased;
                _ = &mut conversation => return,
                () = stop.told() => {}
            }
            // Files under way are finished; a client that asks for nothing is let go with the runtime.
            tokio::select! {
                biased;
                _ = &mut conversation => {}
                () = self.folder.idle() => tokio::time::sleep(LAST_WORD).await,
            }
        })
    }
}

/// Asks for a password.
#[derive(Debug)]
struct Password(Credentials);

#[async_trait]
impl Authenticator for Password {
    async fn authenticate(&self, user: &str, given: &Given) -> Result<Principal, AuthenticationError> {
        let password = given.password.as_deref().unwrap_or_default();
        let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        if self.0.admit(value.as_bytes()) {
            Ok(Principal { username: user.to_owned() })
        } else {
            Err(AuthenticationError::BadPassword)
        }
    }
}

#[cfg(test)]
mod tests;

//! The files of a folder over FTP (RFC 959, RFC 3659), by the library `libunftp`.
//!
//! Connections come through our own doors, and each line of a client passes through `talk` before the library has it:
//! there it is bounded, TLS is spoken (RFC 4217), and ports for data are opened, passive alone and at the address that
//! the client has reached, so that the loopback device's stay on it. The library talks of files, on the loopback device.
//! Deliberately absent: active connections, with which a client could make this machine connect to others; and commands
//! of a site.

mod data;
mod folder;
mod session;
mod talk;
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

use crate::{Socket, Stop, Talk, Talking, Tls, http::Credentials, limits, os};

/// What is served, and to whom.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether files may be written, renamed and deleted.
    pub upload: bool,
    /// Whether names are reached that begin with a dot.
    pub hidden: bool,
    /// Who may come; anyone where it is `None`.
    pub auth: Option<Credentials>,
    /// How long every reply waits.
    pub latency: Duration,
    /// How many of 1 commands about files are answered with a failure.
    pub error_rate: f64,
}

/// A folder that is served.
pub struct Ftp {
    folder: Folder,
    settings: Settings,
    tls: Option<Tls>,
    told: Option<ToldFile>,
}

impl Ftp {
    /// Opens a folder.
    ///
    /// # Errors
    /// When it is none, or cannot be read.
    pub fn open(path: &Path, settings: Settings) -> io::Result<Self> {
        let folder = Folder::open(path, settings.upload, settings.hidden)?;
        Ok(Self { folder, settings, tls: None, told: None })
    }

    /// Tells of each file that is moved.
    #[must_use]
    pub fn telling(self, told: Option<ToldFile>) -> Self {
        Self { told, ..self }
    }

    /// Speaks TLS so, and then takes neither a login nor a file in clear.
    #[must_use]
    pub fn speaking(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
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
        if let Some(auth) = &self.settings.auth {
            builder = builder.authenticator(Arc::new(Password(auth.clone())));
        }
        if let Some(told) = &self.told {
            builder = builder.notify_data(told::Listener(Arc::clone(told)));
        }
        builder.build().ok()
    }
}

impl Talk for Ftp {
    fn talk(self: Rc<Self>, socket: Socket, stop: Stop) -> Talking {
        Box::pin(async move {
            let (Some(server), Ok((ours, theirs))) = (self.server(), talk::pair().await) else { return };
            socket.plain().into_iter().for_each(os::take_urgent);
            let Settings { latency, error_rate, .. } = self.settings;
            let session = talk::Talk::new(&socket, ours, self.tls.clone(), latency, error_rate);
            let library = tokio::task::spawn_local(server.service(theirs));
            // Who has left is told nothing, and the library leaves with the end of its connection.
            let _ = session.converse(socket, stop).await;
            let _ = library.await;
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

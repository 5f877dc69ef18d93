//! The other end of the hub's socket: what commands ask it with.
//!
//! A command waits for its answer, so everything here blocks; inside it is the same HTTP as everywhere, over a
//! socket whose other end must be this very user.

mod breakpoints;
mod draft;
mod ensure;
mod faults;
mod follow;
mod launch;
mod run;
mod summon;
mod tap;
mod traffic;
mod wire;

use std::{path::Path, time::Duration};

use navyd_model::{
    api::Document,
    hub::{ApiError, Hub, Link, NewRoute, RouteEntry, Routes, Signing, Stopping},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::{lock, places::Places};
pub use breakpoints::BreakLease;
pub use draft::Draft;
pub use ensure::ensure;
pub use follow::{Follow, Message};
pub use launch::{LaunchError, launch};
pub use run::Lease;
pub use summon::summon;
pub use tap::TapLease;
pub use traffic::{ExportError, Meant};
pub use wire::Method;

/// A hub that answers.
pub struct Client {
    runtime: Runtime,
    socket: Box<Path>,
    /// Its process, as the kernel tells; `None` where it does not.
    pid: Option<u32>,
    /// How long an answer may take.
    patience: Duration,
}

/// Why the hub does not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is none.
    #[error("no hub runs")]
    NotRunning,
    /// Somebody else listens at the socket.
    #[error("`{socket}` belongs to another user")]
    NotOurs {
        /// The socket.
        socket: String,
        /// The user's number.
        uid: u32,
    },
    /// It refused.
    #[error("{}", .error.error)]
    Refused {
        /// The status of its answer.
        status: u16,
        /// Why.
        error: Box<ApiError>,
    },
    /// A hub is there, and says nothing.
    #[error("the hub does not answer")]
    Silent {
        /// Its process, where the kernel tells it.
        pid: Option<u32>,
        /// What is seen of it.
        why: String,
    },
    /// The connection or the answer is broken.
    #[error("the hub cannot be asked")]
    Broken(String),
}

/// How long an answer may take that is only looked up. Far above what it takes, even on a machine that is very busy.
const LOOKED_UP: Duration = Duration::from_secs(30);

/// How long somebody waits who only wants to know how the hub stands: it answers that from memory.
const GLANCE: Duration = Duration::from_secs(5);

/// Where the hub was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is gone.
    Gone,
    /// It still finishes what is in flight.
    Draining,
}

impl Client {
    /// Makes sure that a hub of this user is there.
    ///
    /// # Errors
    /// [`ClientError::NotRunning`] when there is none.
    pub fn connect(socket: &Path) -> Result<Self, ClientError> {
        Self::within(socket, wire::PATIENCE)
    }

    /// The same, with answers that may take so long and not longer: for those who can do without.
    ///
    /// # Errors
    /// [`ClientError::NotRunning`] when there is none.
    pub fn within(socket: &Path, patience: Duration) -> Result<Self, ClientError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ClientError::Broken(error.to_string()))?;
        let (_, pid) = runtime.block_on(wire::connect(socket))?;
        Ok(Self { runtime, socket: socket.into(), pid, patience })
    }

    /// The hub as it stands, for somebody who waits for that alone: what is seen of one that hangs is told soon.
    ///
    /// # Errors
    /// [`ClientError::NotRunning`] when there is none, [`ClientError::Silent`] when there is one that does not answer.
    pub fn look(places: &Places) -> Result<(Self, Hub), ClientError> {
        let socket = places.socket();
        let client = match Self::within(&socket, GLANCE) {
            Err(ClientError::NotRunning) if lock::is_held(&places.lock()) => {
                let why = format!(
                    "it holds `{}`, and nobody listens at `{}`: it is starting, ending or stuck",
                    places.lock().display(),
                    socket.display()
                );
                return Err(ClientError::Silent { pid: None, why });
            }
            client => client?,
        };
        match client.status() {
            Ok(hub) => Ok((Self { patience: wire::PATIENCE, ..client }, hub)),
            // A process that was killed just now still accepts for a moment.
            Err(ClientError::Broken(_)) if !lock::is_held(&places.lock()) => Err(ClientError::NotRunning),
            Err(ClientError::Broken(why)) => {
                let why = format!("it holds its lock and listens, but {why}");
                Err(ClientError::Silent { pid: client.pid, why })
            }
            Err(error) => Err(error),
        }
    }

    /// The hub's process, as the kernel tells; `None` where it does not.
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// The hub as it stands.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn status(&self) -> Result<Hub, ClientError> {
        self.ask(Method::GET, "/api/v1/status", None::<&()>)
    }

    /// Lets it sign with the authority that is on the disk now.
    ///
    /// # Errors
    /// When it does not answer, or there is none.
    pub fn reload_authority(&self) -> Result<Signing, ClientError> {
        self.ask(Method::POST, "/api/v1/authority/reload", None::<&()>)
    }

    /// Its routes.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn routes(&self) -> Result<Routes, ClientError> {
        self.ask(Method::GET, "/api/v1/routes", None::<&()>)
    }

    /// Adds a route.
    ///
    /// # Errors
    /// When it is refused.
    pub fn add_route(&self, route: &NewRoute) -> Result<RouteEntry, ClientError> {
        self.ask(Method::POST, "/api/v1/routes", Some(route))
    }

    /// Removes a route.
    ///
    /// # Errors
    /// When there is none, or it is a service's.
    pub fn remove_route(&self, from: &str) -> Result<RouteEntry, ClientError> {
        self.ask(Method::DELETE, &format!("/api/v1/routes/{}", segment(from)), None::<&()>)
    }

    /// Makes a one-time link to its pages.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn link(&self) -> Result<Link, ClientError> {
        self.ask(Method::POST, "/api/v1/links", None::<&()>)
    }

    /// Tells it to end, and waits for that at most so long.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn stop(&self, places: &Places, patience: Duration) -> Result<Ended, ClientError> {
        let Stopping { .. } = self.ask(Method::POST, "/api/v1/stop", None::<&()>)?;
        // One that systemd started may have waited for it to end, and answers in its place.
        let replaced = || Self::connect(&places.socket()).is_ok_and(|client| client.pid != self.pid);
        let gone = lock::released(&places.lock(), patience, replaced);
        let gone = gone.map_err(|error| ClientError::Broken(error.to_string()))?;
        Ok(if gone { Ended::Gone } else { Ended::Draining })
    }

    /// Asks for one document.
    ///
    /// # Errors
    /// When the hub refuses, or answers with something else.
    pub fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let body = body.map(serde_json::to_vec).transpose().map_err(|error| broken(&error))?;
        self.ask_with(method, path, body)
    }

    /// The same with a body that is JSON already.
    fn ask_with<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, ClientError> {
        // What is only looked up takes no time; what is done may.
        let patience = if method == Method::GET { self.patience.min(LOOKED_UP) } else { self.patience };
        let (status, bytes) = self.runtime.block_on(wire::ask(&self.socket, patience, method, path, body))?;
        if !status.is_success() {
            return Err(wire::refused(status, &bytes));
        }
        let document: Document<Value> = serde_json::from_slice(&bytes).map_err(|error| broken(&error))?;
        // It may be long, and is not needed beside what was read from it.
        drop(bytes);
        serde_json::from_value(document.body).map_err(|error| broken(&error))
    }

    /// Follows an event stream, such as `/api/v1/events`.
    ///
    /// # Errors
    /// When the hub refuses.
    pub fn follow(self, path: &str) -> Result<Follow, ClientError> {
        Follow::open(self.runtime, &self.socket, Method::GET, path, None)
    }

    /// Asks for what lasts as long as the stream that tells it first.
    fn open<T: DeserializeOwned>(
        self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<(T, Follow), ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| broken(&error))?;
        let mut stream = Follow::open(self.runtime, &self.socket, Method::POST, path, Some(body))?;
        let first = stream.next().unwrap_or_else(|| Err(ClientError::Broken("it says nothing".into())))?;
        let granted: Document<T> = serde_json::from_str(&first.data).map_err(|error| broken(&error))?;
        Ok((granted.body, stream))
    }
}

impl ClientError {
    /// Why it happened.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::NotRunning => None,
            Self::NotOurs { uid, .. } => Some(format!("the user with the number {uid} listens there")),
            Self::Refused { error, .. } => error.cause.clone(),
            Self::Silent { why, .. } | Self::Broken(why) => Some(why.clone()),
        }
    }

    /// What can be typed now.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotRunning => Some("navyd hub start".to_owned()),
            Self::NotOurs { socket, .. } => Some(format!("ls -l {socket}")),
            Self::Refused { error, .. } => error.hint.clone(),
            // It may be stopped, or stuck for good; nothing that it keeps is lost when it is killed.
            Self::Silent { pid: Some(pid), .. } => Some(format!("kill -KILL {pid} && navyd hub start")),
            Self::Silent { pid: None, .. } | Self::Broken(_) => Some("navyd hub logs".to_owned()),
        }
    }
}

fn broken(error: &serde_json::Error) -> ClientError {
    ClientError::Broken(format!("its answer cannot be read: {error}"))
}

/// A text as one segment of a path (RFC 3986 §2.3: everything but unreserved characters is encoded).
pub fn segment(text: &str) -> String {
    let mut segment = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => segment.push(byte.into()),
            byte => segment.push_str(&format!("%{byte:02X}")),
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_holds_any_text() {
        for (text, expected) in [
            ("shop.localhost", "shop.localhost"),
            ("*.shop.localhost/api", "%2A.shop.localhost%2Fapi"),
            ("[::1]:80", "%5B%3A%3A1%5D%3A80"),
            ("é?#%", "%C3%A9%3F%23%25"),
        ] {
            assert_eq!(segment(text), expected);
        }
    }
}

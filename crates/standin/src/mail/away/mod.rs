//! What goes out: a connection to a server elsewhere, encrypted where that is wanted.
//!
//! - [`Away`]: connects, and shakes hands as the client of TLS
//! - [`Reach`], `guard`: which addresses may be connected to
//! - [`Url`], `http`: one request of HTTP, and the head of its answer
//! - `trust`: whose certificates are believed
//!
//! A name is resolved once. All addresses that it has are looked at before any is connected to, and only those are: what
//! a name leads to cannot change between the look and the connection. Deliberately absent: going on without TLS where
//! its handshake has failed, and certificates that are believed because somebody said so.

mod guard;
mod http;
mod trust;
pub(super) mod url;

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;

pub use http::Answered;
pub use trust::Trust;
pub use url::Url;

use super::limits;

/// Connects to servers. Clones believe the same certificates, which are read when the first of them needs any.
#[derive(Debug, Clone, Default)]
pub struct Away {
    trust: Trust,
}

/// Which addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every one: somebody at this machine has named the server.
    Anywhere,
    /// Those of the internet, where another has named it.
    Internet,
}

/// What bytes go through, in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// A connection that stands.
pub struct Connection {
    /// Its bytes.
    pub stream: Box<dyn Stream>,
    /// The address that it has here.
    pub local: IpAddr,
    /// The address that it leads to.
    pub peer: IpAddr,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum NotReached {
    /// The name leads nowhere.
    #[error("`{host}` has no address: {source}")]
    Name {
        /// The name.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// The name leads to an address that must not be asked.
    #[error("it leads into this network, and is not asked")]
    Inside,
    /// None of its addresses takes a connection.
    #[error("`{address}` takes no connection: {source}")]
    Refused {
        /// The last one that was tried.
        address: SocketAddr,
        /// What failed.
        source: io::Error,
    },
    /// Nothing came in time.
    #[error("`{0}` does not answer in time")]
    Late(String),
    /// The certificate is not believed.
    #[error("the certificate of `{host}` is not trusted: {why}")]
    Untrusted {
        /// Whose.
        host: String,
        /// What is wrong with it.
        why: String,
    },
    /// The handshake failed for another reason.
    #[error("`{host}` does not agree on TLS: {why}")]
    NoTls {
        /// With whom.
        host: String,
        /// What failed.
        why: String,
    },
    /// No certificate at all is believed.
    #[error("this system trusts no certificates: {0}")]
    NoTrust(String),
}

impl Away {
    /// Connects to a host, which is a name or an address.
    ///
    /// # Errors
    /// When it has no address, one that must not be asked, or none that takes the connection in
    /// [`limits::CONNECT`].
    pub async fn connect(&self, host: &str, port: u16, reach: Reach) -> Result<Connection, NotReached> {
        let unnamed = |source| NotReached::Name { host: host.to_owned(), source };
        let late = || NotReached::Late(host.to_owned());
        let looked = timeout(limits::CONNECT, lookup_host((host, port))).await.map_err(|_| late())?;
        let addresses: Vec<SocketAddr> = looked.map_err(unnamed)?.collect();
        if reach == Reach::Internet && addresses.iter().any(|address| !guard::is_public(address.ip())) {
            return Err(NotReached::Inside);
        }
        let mut refused = unnamed(io::ErrorKind::NotFound.into());
        for address in addresses.into_iter().take(limits::ADDRESSES) {
            match timeout(limits::CONNECT, connected(address)).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(source)) => refused = NotReached::Refused { address, source },
                Err(_) => refused = late(),
            }
        }
        Err(refused)
    }

    /// Shakes hands as the client of TLS with a server that must be that host.
    ///
    /// # Errors
    /// When its certificate is not believed, or it does not shake hands in [`crate::limits::HANDSHAKE`].
    pub async fn encrypt(&self, stream: Box<dyn Stream>, host: &str) -> Result<Box<dyn Stream>, NotReached> {
        let failed = |why: String| NotReached::NoTls { host: host.to_owned(), why };
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| failed("no certificate can be for this name".to_owned()))?;
        let config = self.trust.config().await?;
        let handshake = TlsConnector::from(config).connect(name, stream);
        match timeout(crate::limits::HANDSHAKE, handshake).await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(trust::refusal(host, &error)),
            Err(_) => Err(NotReached::Late(host.to_owned())),
        }
    }
}

async fn connected(address: SocketAddr) -> io::Result<Connection> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?.ip();
    Ok(Connection { stream: Box::new(stream), local, peer: address.ip() })
}

//! What a gateway is told to do, and why it does not.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
};

use navyd_model::{Route, Service, fault::Fault};
use tokio::sync::watch;

use crate::{fault::Refused, limits::Limits, tap::Tap, tls::Certificates};

/// What a gateway is to do.
#[derive(Debug)]
pub struct Plan {
    /// Where all names and the gateway's own page are served; port 0 lets the system choose. None, here and in `handed`,
    /// where there are only routes that begin at addresses.
    pub listen: Vec<SocketAddr>,
    /// The same, as sockets that listen already: whoever started this program handed them over.
    pub handed: Vec<TcpListener>,
    /// The routes.
    pub routes: Vec<Routed>,
    /// How many workers, at least one.
    pub workers: usize,
    /// The limits.
    pub limits: Limits,
    /// The socket in the file system of who answers requests for the gateway itself. Without one the gateway shows
    /// its routes.
    pub home: Option<PathBuf>,
    /// The certificates with which every address that serves HTTP answers TLS as well. Without them none does.
    pub tls: Option<Arc<Certificates>>,
    /// Where what passes by routes that are observed is told, and what leads nowhere. Without it nothing is.
    pub tap: Option<Tap>,
}

/// What of a route is told to whoever keeps records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Observe {
    /// Nothing: bytes are counted, and moved without a look where that can be.
    #[default]
    Not,
    /// Everything that passes, as far as it is taken off fast enough.
    All,
}

/// What becomes of connections that carry bytes, when their route leads elsewhere or is gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Leaving {
    /// They end as they began.
    #[default]
    Finish,
    /// They close.
    Close,
}

/// A route, and the service behind it where that is known.
#[derive(Debug, Clone)]
pub struct Routed {
    /// The route.
    pub route: Route,
    /// The service as it stands. When the upstream of a service changes, the route is to be changed before the
    /// service is said to be ready: requests that waited for it go on just then.
    pub service: Option<watch::Receiver<Service>>,
    /// What is told of what passes.
    pub observe: Observe,
    /// What is laid on it, in this order. Those that this gateway does not know are refused by
    /// [`Gateway::change`](crate::Gateway::change).
    pub faults: Vec<Fault>,
    /// What becomes of its connections when it leads elsewhere or is gone. Exchanges of HTTP always end as they began.
    pub leaving: Leaving,
}

impl From<Route> for Routed {
    fn from(route: Route) -> Self {
        Self { route, service: None, observe: Observe::Not, faults: Vec::new(), leaving: Leaving::Finish }
    }
}

/// Why a gateway does not start, or its routes do not change. Nothing has happened then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A socket that was handed over cannot be used.
    #[error("cannot use a socket that was handed over")]
    Handed(#[source] io::Error),
    /// The system gives no randomness.
    #[error("cannot speak TLS")]
    Tls(#[source] rustls::Error),
    /// A fault cannot be laid on its route.
    #[error("cannot lay a fault on `{route}`")]
    Fault {
        /// Where the route begins.
        route: String,
        /// Why.
        source: Refused,
    },
    /// The system gives no thread, or a worker cannot take a socket.
    #[error("cannot start a worker")]
    Worker(#[source] io::Error),
}

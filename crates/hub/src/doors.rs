//! The gateway as the hub uses it: opened, given other routes, closed.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use navyd_gateway::{Gateway, Hurry, Limits, Plan, Routed, StartError, tls::Certificates};
use navyd_model::Route;

/// A gateway that runs.
pub(crate) struct Doors {
    listen: Vec<SocketAddr>,
    /// `None` once it is closed.
    gateway: Mutex<Option<Gateway>>,
    hurry: Hurry,
}

/// Why routes are not as they should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoorError {
    /// The gateway refuses them.
    #[error(transparent)]
    Refused(#[from] StartError),
    /// The hub ends.
    #[error("the hub is ending")]
    Closed,
}

impl Doors {
    /// Listens at these addresses, without any route yet; with TLS where there are certificates.
    ///
    /// # Errors
    /// When one is taken or forbidden.
    pub(crate) fn open(
        listen: Vec<SocketAddr>,
        workers: usize,
        home: PathBuf,
        tls: Option<Arc<Certificates>>,
    ) -> Result<Self, StartError> {
        let limits = Limits::default();
        let gateway =
            Gateway::start(Plan { listen, routes: Vec::new(), workers, limits, home: Some(home), tls })?;
        Ok(Self {
            listen: gateway.listen().to_vec(),
            hurry: gateway.hurry(),
            gateway: Mutex::new(Some(gateway)),
        })
    }

    /// Where names are served.
    pub(crate) fn listen(&self) -> &[SocketAddr] {
        &self.listen
    }

    /// The port that belongs into a URL.
    pub(crate) fn port(&self) -> u16 {
        self.listen.first().map_or(0, SocketAddr::port)
    }

    /// Gives it these routes instead of those that it has; returns them with the ports that the system chose.
    /// Blocks until every worker has them.
    ///
    /// # Errors
    /// When an address cannot be listened on; then nothing has changed.
    pub(crate) fn change(&self, routes: Vec<Routed>) -> Result<Vec<Route>, DoorError> {
        let gateway = self.gateway.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(gateway.as_ref().ok_or(DoorError::Closed)?.change(routes)?)
    }

    /// Takes nothing new, finishes what is in flight, and returns once all is closed. Blocks.
    ///
    /// # Errors
    /// When a worker failed while it ran.
    pub(crate) fn close(&self) -> io::Result<()> {
        let gateway = self.gateway.lock().unwrap_or_else(PoisonError::into_inner).take();
        gateway.map_or(Ok(()), Gateway::drain)
    }

    /// Closing waits for nothing any more.
    pub(crate) fn hurry(&self) {
        self.hurry.now();
    }
}

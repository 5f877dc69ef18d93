//! The gateway as the hub uses it: opened, given other routes, closed.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use navyd_gateway::{
    Gateway, Hurry, Limits, Plan, Routed, StartError, breakpoint::Breakpoints, fault::Decision, tap::Tap,
    tls::Certificates,
};
use navyd_model::{Route, hub::PORT};
use tokio::sync::watch;

use crate::low_ports;

/// A gateway that runs.
pub(crate) struct Doors {
    listen: Vec<SocketAddr>,
    /// The port that belongs into a URL.
    port: u16,
    breakpoints: Breakpoints,
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
    /// Listens at these addresses, the hub's own port first, and at sockets that were handed over; without any route yet,
    /// with TLS where there are certificates. What passes is told to a keeper where there is one.
    ///
    /// # Errors
    /// When one is taken or forbidden.
    pub(crate) fn open(
        listen: Vec<SocketAddr>,
        handed: Vec<TcpListener>,
        workers: usize,
        home: PathBuf,
        tls: Option<Arc<Certificates>>,
        tap: Option<Tap>,
    ) -> Result<Self, StartError> {
        let limits = Limits::default();
        let plan = Plan { listen, handed, routes: Vec::new(), workers, limits, home: Some(home), tls, tap };
        let gateway = Gateway::start(plan)?;
        Ok(Self {
            // The ways to the low ports that lead them to another lead them to the usual one.
            port: port_of_urls(gateway.listen(), |own| own.port() == PORT && low_ports::leads(own)),
            listen: gateway.listen().to_vec(),
            hurry: gateway.hurry(),
            breakpoints: gateway.breakpoints().clone(),
            gateway: Mutex::new(Some(gateway)),
        })
    }

    /// Where names are served.
    pub(crate) fn listen(&self) -> &[SocketAddr] {
        &self.listen
    }

    /// The hub's own port.
    pub(crate) fn own_port(&self) -> u16 {
        self.listen.first().map_or(0, SocketAddr::port)
    }

    /// The port that belongs into a URL, as it was when the gateway was opened.
    pub(crate) fn port(&self) -> u16 {
        self.port
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

    /// What holds exchanges on their way.
    pub(crate) fn breakpoints(&self) -> &Breakpoints {
        &self.breakpoints
    }

    /// What makes faults repeatable; 0 once it is closed.
    pub(crate) fn fault_seed(&self) -> u64 {
        let gateway = self.gateway.lock().unwrap_or_else(PoisonError::into_inner);
        gateway.as_ref().map_or(0, Gateway::fault_seed)
    }

    /// Begins a new run of faults, with this seed.
    pub(crate) fn seed_faults(&self, seed: u64) {
        let gateway = self.gateway.lock().unwrap_or_else(PoisonError::into_inner);
        gateway.iter().for_each(|gateway| gateway.seed_faults(seed));
    }

    /// What faults have chosen since the run began, as far as it is kept; nothing once it is closed.
    pub(crate) fn fault_log(&self) -> Vec<Decision> {
        let gateway = self.gateway.lock().unwrap_or_else(PoisonError::into_inner);
        gateway.as_ref().map(Gateway::fault_log).unwrap_or_default()
    }

    /// How many decisions they have ever made, as they are; `None` once it is closed.
    pub(crate) fn watch_faults(&self) -> Option<watch::Receiver<u64>> {
        let gateway = self.gateway.lock().unwrap_or_else(PoisonError::into_inner);
        gateway.as_ref().map(Gateway::watch_faults)
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

/// Port 80, which a URL need not name, where every address that has the first port has that as well, or is led to from
/// there; else the first.
fn port_of_urls(listen: &[SocketAddr], leads: impl Fn(SocketAddr) -> bool) -> u16 {
    let Some(own) = listen.first().map(SocketAddr::port) else { return 0 };
    let [http, _] = low_ports::PORTS;
    let mut own_addresses = listen.iter().filter(|address| address.port() == own);
    let has = |address: &SocketAddr| listen.contains(&(address.ip(), http).into()) || leads(*address);
    if own_addresses.all(has) { http } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_no_port_where_a_browser_needs_none() {
        for (listen, led, expected) in [
            (&[][..], &[][..], 0),
            (&["127.0.0.1:62893"], &[], 62893),
            (&["127.0.0.1:62893", "127.0.0.1:80"], &[], 80),
            (&["127.0.0.1:62893", "127.0.0.1:443"], &[], 62893),
            (&["127.0.0.1:62893", "[::1]:62893", "127.0.0.1:80"], &[], 62893),
            (&["127.0.0.1:62893", "[::1]:62893", "127.0.0.1:80", "[::1]:80"], &[], 80),
            (&["127.0.0.1:80"], &[], 80),
            (&["127.0.0.1:62893", "[::1]:62893"], &["127.0.0.1:62893"], 62893),
            (&["127.0.0.1:62893", "[::1]:62893"], &["127.0.0.1:62893", "[::1]:62893"], 80),
            (&["127.0.0.1:62893", "[::1]:62893", "127.0.0.1:80"], &["[::1]:62893"], 80),
        ] {
            let parse = |text: &&str| text.parse::<SocketAddr>().unwrap();
            let (addresses, led): (Vec<_>, Vec<_>) =
                (listen.iter().map(parse).collect(), led.iter().map(parse).collect());
            assert_eq!(port_of_urls(&addresses, |own| led.contains(&own)), expected, "{listen:?} {led:?}");
        }
    }
}

//! Where a hub listens: at its own port or the next one that is free, at 80 and 443 where nobody minds, and at sockets
//! that were handed over.
//!
//! Only its own port is worth a failure or a note. Deliberately absent: what is served there.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

use navyd_gateway::{StartError, tap::Tap, tls::Certificates};
use navyd_host::listeners::{Scope, listeners};
use navyd_model::{Protocol, hub::PORT};

use crate::{doors::Doors, error::HubError, log::Log, low_ports, settings::Listen};

/// What is to be opened.
pub(crate) struct Wanted<'a> {
    pub(crate) listen: Listen,
    pub(crate) handed: Vec<TcpListener>,
    pub(crate) workers: usize,
    /// The hub's socket.
    pub(crate) home: &'a Path,
    pub(crate) tls: Option<Arc<Certificates>>,
    /// Where what passes is told.
    pub(crate) tap: Option<Tap>,
}

impl Wanted<'_> {
    /// Listens at the first addresses that are free, and notes who has those before.
    ///
    /// # Errors
    /// When none is, or one that was asked for by name cannot be had.
    pub(crate) fn open(mut self, notes: &mut Vec<String>, log: &Log) -> Result<Doors, HubError> {
        let held = self.handed.iter().map(TcpListener::local_addr).collect::<io::Result<Vec<_>>>();
        let held = held.map_err(HubError::System)?;
        // The first address is what links name: the own port, when that is among them.
        self.handed.sort_by_key(|socket| socket.local_addr().map_or(true, |address| address.port() != PORT));
        let low = if self.listen == Listen::Usual { low(&held, log) } else { Vec::new() };
        let attempts = self.listen.attempts();
        let last = attempts.len().saturating_sub(1);
        let mut taken = None;
        for (number, mut addresses) in attempts.into_iter().enumerate() {
            addresses.extend(&low);
            addresses.retain(|address| !held.contains(address));
            loop {
                let (address, source) = match self.at(addresses.clone())? {
                    Ok(doors) => {
                        notes.extend(taken.map(|taken: String| {
                            format!("{taken}: names are served at port {}", doors.own_port())
                        }));
                        return Ok(doors);
                    }
                    Err(refused) => refused,
                };
                // Another program was faster; and a machine without IPv6 has one loopback address.
                let lacks_ipv6 = self.listen == Listen::Usual && address.is_ipv6() && is_no_address(&source);
                if low.contains(&address) || lacks_ipv6 && addresses.len() > 1 {
                    addresses.retain(|other| *other != address);
                    continue;
                }
                let holder = holder(address);
                if number < last && source.kind() == io::ErrorKind::AddrInUse {
                    let who = holder.unwrap_or_else(|| "another program".to_owned());
                    taken.get_or_insert(format!("{who} listens at `{address}`"));
                    break;
                }
                return Err(HubError::Listen { address, holder, source });
            }
        }
        // The last attempt returns above; there are none only where nothing was asked for.
        Err(HubError::System(io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on")))
    }

    /// Opens it at these addresses, or tells which one is refused.
    fn at(&self, addresses: Vec<SocketAddr>) -> Result<Result<Doors, (SocketAddr, io::Error)>, HubError> {
        let handed = self.handed.iter().map(TcpListener::try_clone).collect::<io::Result<Vec<_>>>();
        let handed = handed.map_err(HubError::System)?;
        let (home, tls, tap) = (self.home.to_owned(), self.tls.clone(), self.tap.clone());
        match Doors::open(addresses, handed, self.workers, home, tls, tap) {
            Ok(doors) => Ok(Ok(doors)),
            Err(StartError::Listen { address, source }) => Ok(Err((address, source))),
            Err(StartError::Worker(source) | StartError::Handed(source)) => Err(HubError::System(source)),
            Err(StartError::Tls(source)) => Err(HubError::System(io::Error::other(source))),
            Err(StartError::Fault { source, .. }) => {
                Err(HubError::System(io::Error::new(io::ErrorKind::InvalidInput, source)))
            }
        }
    }
}

/// The low ports that nobody minds us to have. What is left out is a line in the log, since nobody asked for it.
fn low(held: &[SocketAddr], log: &Log) -> Vec<SocketAddr> {
    let (mut free, mut left_out) = (Vec::new(), Vec::new());
    for (address, tried) in low_ports::tried().into_iter().filter(|(address, _)| !held.contains(address)) {
        match tried {
            Ok(()) => free.push(address),
            Err(error) => left_out.push(format!("`{address}` ({})", error.kind())),
        }
    }
    if !left_out.is_empty() {
        log.say(format_args!("names are not served at {}", left_out.join(", ")));
    }
    free
}

fn is_no_address(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
}

/// Who listens there, as far as it may be seen.
pub(crate) fn holder(address: SocketAddr) -> Option<String> {
    let scope = Scope { udp: false, namespaces: false, port: Some(address.port()), ..Scope::default() };
    let seen = listeners(&scope).ok()?.listeners.into_iter();
    let mut seen = seen.filter(|listener| listener.proto == Protocol::Tcp).collect::<Vec<_>>();
    // Exactly there, else at all addresses, else whoever is nearest.
    seen.sort_by_key(|listener| (listener.address != Some(address.ip()), listener.holders.is_empty()));
    let holder = seen.first()?.holders.first()?;
    Some(format!("`{}` (pid {})", holder.name, holder.pid))
}

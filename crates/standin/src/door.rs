//! Where a stand-in listens.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

/// How often another port is tried where any will do, and one family has it free while the other has not.
const TRIES: usize = 16;

/// Bound addresses that lead to the same stand-in, all with one port.
#[derive(Debug)]
pub struct Door {
    listeners: Vec<(SocketAddr, TcpListener)>,
}

/// Why a door cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on `{address}`")]
pub struct NoDoor {
    /// Where.
    pub address: SocketAddr,
    /// The kernel's refusal.
    pub source: io::Error,
}

impl Door {
    /// Binds the port on the loopback device, for both families where both are there; 0 for any port that is free.
    ///
    /// # Errors
    /// As [`Door::open`].
    pub fn loopback(port: u16) -> Result<Self, NoDoor> {
        Self::loopback_and(&[], port)
    }

    /// [`Door::loopback`], and these addresses besides.
    ///
    /// # Errors
    /// As [`Door::open`].
    pub fn loopback_and(hosts: &[IpAddr], port: u16) -> Result<Self, NoDoor> {
        let both = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        Self::bind(&[&both, hosts].concat(), port, true)
    }

    /// Binds the port on each of these addresses; 0 for any port that is free on all.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub fn open(hosts: &[IpAddr], port: u16) -> Result<Self, NoDoor> {
        Self::bind(hosts, port, false)
    }

    /// Its addresses, the first one first.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.listeners.iter().map(|(address, _)| *address)
    }

    /// The port that all of them have; 0 when there are none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.addresses().next().map_or(0, |address| address.port())
    }

    pub(crate) fn into_listeners(self) -> impl Iterator<Item = TcpListener> {
        self.listeners.into_iter().map(|(_, listener)| listener)
    }

    fn bind(hosts: &[IpAddr], port: u16, either: bool) -> Result<Self, NoDoor> {
        let listen = |address| {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        };
        Ok(Self { listeners: bind_all(hosts, port, either, listen)? })
    }
}

/// Binds one port at all of these hosts; 0 for any that is free on all. `either`: the loopback device may have no address
/// of IPv6.
pub(crate) fn bind_all<S>(
    hosts: &[IpAddr],
    port: u16,
    either: bool,
    bind: impl Fn(SocketAddr) -> io::Result<(SocketAddr, S)>,
) -> Result<Vec<(SocketAddr, S)>, NoDoor> {
    let mut tries = 1..=TRIES;
    loop {
        match bind_once(hosts, port, either, &bind) {
            Err(taken)
                if port == 0 && taken.source.kind() == io::ErrorKind::AddrInUse && tries.next().is_some() => {
            }
            bound => return bound,
        }
    }
}

fn bind_once<S>(
    hosts: &[IpAddr],
    port: u16,
    either: bool,
    bind: impl Fn(SocketAddr) -> io::Result<(SocketAddr, S)>,
) -> Result<Vec<(SocketAddr, S)>, NoDoor> {
    let mut all: Vec<(SocketAddr, S)> = Vec::new();
    for host in hosts {
        let address = SocketAddr::new(*host, all.first().map_or(port, |(first, _)| first.port()));
        match bind(address) {
            Ok(bound) => all.push(bound),
            Err(source)
                if either && is_missing(&source) && *host == Ipv6Addr::LOCALHOST && !all.is_empty() => {}
            Err(source) => return Err(NoDoor { address, source }),
        }
    }
    Ok(all)
}

/// Whether this machine has no such address, or no such family.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.to_string().contains("family not supported")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_have_one_port() {
        let door = Door::loopback(0).expect("some port is free");
        let ports: Vec<_> = door.addresses().map(|address| address.port()).collect();
        assert!(door.port() != 0 && ports.iter().all(|port| *port == door.port()), "{ports:?}");
        let again = Door::loopback(door.port()).expect_err("it is taken");
        assert_eq!((again.source.kind(), again.address.port()), (io::ErrorKind::AddrInUse, door.port()));
    }
}

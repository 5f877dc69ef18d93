//! Where datagrams come in.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use crate::{NoDoor, door::bind_all};

/// Sockets for datagrams, all with one port. Who has that port for TCP is met by none of them.
#[derive(Debug)]
pub struct Packets {
    sockets: Vec<(SocketAddr, UdpSocket)>,
}

impl Packets {
    /// Binds the port on the loopback device, for both families where both are there, and at these addresses besides; 0
    /// for any port that is free on all.
    ///
    /// # Errors
    /// As [`Packets::open`].
    pub fn loopback_and(hosts: &[IpAddr], port: u16) -> Result<Self, NoDoor> {
        let both = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        Self::bind(&[&both, hosts].concat(), port, true)
    }

    /// Binds the port at each of these addresses; 0 for any port that is free on all.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub fn open(hosts: &[IpAddr], port: u16) -> Result<Self, NoDoor> {
        Self::bind(hosts, port, false)
    }

    fn bind(hosts: &[IpAddr], port: u16, either: bool) -> Result<Self, NoDoor> {
        let hear = |address| {
            let socket = UdpSocket::bind(address)?;
            socket.set_nonblocking(true)?;
            Ok((socket.local_addr()?, socket))
        };
        Ok(Self { sockets: bind_all(hosts, port, either, hear)? })
    }

    /// Its addresses, the first one first.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.sockets.iter().map(|(address, _)| *address)
    }

    /// The sockets, each with its address. Only inside of a runtime.
    pub(super) fn registered(self) -> io::Result<Vec<(SocketAddr, tokio::net::UdpSocket)>> {
        let register = |(address, socket)| Ok((address, tokio::net::UdpSocket::from_std(socket)?));
        self.sockets.into_iter().map(register).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Door;

    #[test]
    fn a_port_that_is_taken_for_connections_is_free_for_datagrams() {
        let packets = Packets::loopback_and(&[], 0).expect("a port is free");
        let port = packets.addresses().next().expect("it has one").port();
        assert!(packets.addresses().all(|address| address.port() == port && port != 0));
        let taken = Packets::loopback_and(&[], port).expect_err("it is taken");
        assert_eq!(taken.source.kind(), io::ErrorKind::AddrInUse);
        let door = Door::loopback(0).expect("a port is free");
        assert!(Packets::open(&[Ipv4Addr::LOCALHOST.into()], door.port()).is_ok());
    }
}

//! Where datagrams come in.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
};

use crate::{Door, NoDoor};

/// Sockets for datagrams, at the addresses of a door.
#[derive(Debug)]
pub struct Packets {
    sockets: Vec<(SocketAddr, UdpSocket)>,
}

impl Packets {
    /// Binds the addresses of that door for datagrams: who has the same port for TCP is met by none of them.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub fn beside(door: &Door) -> Result<Self, NoDoor> {
        let bind = |address| {
            let bound = UdpSocket::bind(address).and_then(|socket| {
                socket.set_nonblocking(true)?;
                Ok((socket.local_addr()?, socket))
            });
            bound.map_err(|source| NoDoor { address, source })
        };
        Ok(Self { sockets: door.addresses().map(bind).collect::<Result<_, _>>()? })
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

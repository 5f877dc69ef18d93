//! Listening sockets: one for each worker, all on one address.

use std::{
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::os;

/// How many connections may wait to be accepted; the kernel cuts it to its own limit.
const BACKLOG: i32 = 4096;

/// Listens for streams with `count` sockets that share the address. Fails where any program has it already,
/// another navyd included.
pub(crate) fn tcp(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    let sockets = bound(address, Type::STREAM, Protocol::TCP, count)?;
    for socket in &sockets {
        // Accepted sockets inherit it: a response never waits for the acknowledgement of the one before.
        socket.set_tcp_nodelay(true)?;
        socket.listen(BACKLOG)?;
    }
    Ok(sockets.into_iter().map(Into::into).collect())
}

/// Handles of a socket that listens already, one for each worker. They have one queue: a connection wakes all of them,
/// and one gets it.
pub(crate) fn handed(socket: TcpListener, count: usize) -> io::Result<Vec<TcpListener>> {
    socket.set_nonblocking(true)?;
    SockRef::from(&socket).set_tcp_nodelay(true)?;
    let mut sockets = (1..count).map(|_| socket.try_clone()).collect::<io::Result<Vec<_>>>()?;
    sockets.push(socket);
    Ok(sockets)
}

/// Receives datagrams with `count` sockets that share the address; each client stays with one of them.
pub(crate) fn udp(address: SocketAddr, count: usize) -> io::Result<Vec<UdpSocket>> {
    Ok(bound(address, Type::DGRAM, Protocol::UDP, count)?.into_iter().map(Into::into).collect())
}

fn bound(address: SocketAddr, kind: Type, protocol: Protocol, count: usize) -> io::Result<Vec<Socket>> {
    let open = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            // `[::]` and `0.0.0.0` are two addresses, whatever the system's default.
            socket.set_only_v6(true)?;
        }
        if kind == Type::STREAM {
            os::reuse_after_close(&socket)?;
        }
        Ok(socket)
    };
    // The first one binds alone, so that an address in use is refused even if its holder would share it.
    let first = open()?;
    first.bind(&address.into())?;
    let address = first.local_addr()?;
    let mut sockets = vec![first];
    os::share(&mut sockets, count, || {
        let socket = open()?;
        Ok((socket, address.clone()))
    })?;
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_share_an_address_that_nobody_else_gets() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let ours = tcp(any, 2).unwrap();
        let address = ours[0].local_addr().unwrap();
        assert_eq!(ours[1].local_addr().unwrap(), address);
        assert_eq!(tcp(address, 2).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let ours = udp(any, 2).unwrap();
        let address = ours[0].local_addr().unwrap();
        assert_eq!(ours[1].local_addr().unwrap(), address);
        assert_eq!(udp(address, 1).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}

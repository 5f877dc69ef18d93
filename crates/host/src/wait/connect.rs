//! Readiness as a client meets it: a connection comes about.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _},
    path::Path,
    time::Duration,
};

use socket2::{Domain, SockAddr, SockRef, Socket, Type};

use super::Look;

/// A connection to the first address of the host that takes it; else what was met instead.
pub(super) fn connect(host: &str, port: u16, timeout: Duration) -> Result<TcpStream, String> {
    let addresses = resolve(host, port).map_err(|error| format!("`{host}` cannot be resolved: {error}"))?;
    let mut seen = format!("`{host}` has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) if met_itself(&stream) => seen = "only the connection itself was met".into(),
            Ok(stream) => return Ok(stream),
            Err(error) => seen = describe(&error),
        }
    }
    Err(seen)
}

pub(super) fn look_unix(path: &Path) -> Look {
    let connected = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(&SockAddr::unix(path)?)
    };
    match connected() {
        Ok(()) => Look::There,
        Err(error) => Look::NotYet(describe(&error)),
    }
}

/// RFC 6761 §6.3: "Users may assume that IPv4 and IPv6 address queries for localhost names will always resolve
/// to the respective IP loopback address." Not every resolver knows that of `shop.localhost`.
fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if host == "localhost" || host.ends_with(".localhost") {
        let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        return Ok(loopback.map(|address| (address, port).into()).into());
    }
    (host, port).to_socket_addrs().map(Iterator::collect)
}

/// Whether both ends are the same socket. When the kernel draws the very port that is waited for as source
/// port, TCP connects the socket to itself (both ends open at once, RFC 9293 §3.5): nobody listens. The
/// connection is reset, so that it leaves no TIME_WAIT in the way of the program that is to come.
fn met_itself(stream: &TcpStream) -> bool {
    let itself = matches!((stream.local_addr(), stream.peer_addr()), (Ok(own), Ok(peer)) if own == peer);
    if itself {
        // Without it the port is blocked for a minute for servers that do not set SO_REUSEADDR: no reason to fail.
        SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap_or_default();
    }
    itself
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection is refused".into(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "the connection is not answered".into(),
        io::ErrorKind::NotFound => "it does not exist".into(),
        _ => format!("no connection: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_listener_is_met_and_its_absence_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(connect("localhost", port, Duration::from_secs(5)).is_ok());
        assert!(connect("shop.localhost", port, Duration::from_secs(5)).is_ok());
        drop(listener);
        let seen = connect("127.0.0.1", port, Duration::from_secs(5)).unwrap_err();
        assert_eq!(seen, "the connection is refused");
    }

    #[test]
    fn a_connection_to_itself_is_told_apart() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        socket.bind(&any.into()).unwrap();
        socket.connect(&socket.local_addr().unwrap()).unwrap();
        assert!(met_itself(&socket.into()));

        let listener = TcpListener::bind(any).unwrap();
        assert!(!met_itself(&TcpStream::connect(listener.local_addr().unwrap()).unwrap()));
    }
}

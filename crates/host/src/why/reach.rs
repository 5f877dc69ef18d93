//! A real `connect()`, closed without a byte sent, and who answered it.
//!
//! The socket lingers for zero seconds, so closing resets the connection and leaves no TIME_WAIT behind. Who
//! answered is not guessed from the port: the kernel is asked for the socket whose ends are ours, swapped.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    thread,
    time::{Duration, Instant},
};

use navyd_model::ConnectResult;
use socket2::{Domain, Socket, Type};

/// How long an answer is waited for. On this machine it takes microseconds; the kernel sends a lost SYN again
/// only after a second (RFC 6298 §2), so waiting longer would rarely tell more.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// What came of one connection.
#[derive(Debug)]
pub(crate) struct Reached {
    /// Where to.
    pub(crate) address: SocketAddr,
    /// What came of it.
    pub(crate) result: ConnectResult,
    /// Whether there was no port for our own end: then no packet was sent.
    pub(crate) portless: bool,
    /// How long it took.
    pub(crate) took: Duration,
    /// Our own end, while the connection stood.
    pub(crate) own: Option<SocketAddr>,
    /// The connection itself: dropping it resets it.
    pub(crate) connection: Option<Socket>,
}

/// Connects to every address at the same time.
pub(crate) fn reach(addresses: &[IpAddr], port: u16) -> Vec<Reached> {
    let places: Vec<_> = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
    thread::scope(|scope| {
        let started: Vec<_> = places
            .iter()
            .map(|place| (place, thread::Builder::new().spawn_scoped(scope, || connect(*place))))
            .collect();
        let finish = |(place, thread): (&SocketAddr, io::Result<thread::ScopedJoinHandle<'_, Reached>>)| {
            // A thread that the system refuses is work for this one.
            thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(|| connect(*place))
        };
        started.into_iter().map(finish).collect()
    })
}

fn connect(address: SocketAddr) -> Reached {
    let begun = Instant::now();
    let attempt = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_linger(Some(Duration::ZERO))?;
        socket.connect_timeout(&address.into(), PATIENCE)?;
        Ok(socket)
    };
    let outcome: io::Result<Socket> = attempt();
    let took = begun.elapsed();
    // connect(2): "all port numbers in the ephemeral port range are currently in use", or there is no such address.
    let portless = matches!(&outcome, Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable);
    let (result, own, connection) = match outcome {
        Ok(socket) => {
            let own = socket.local_addr().ok().and_then(|own| own.as_socket());
            (met(own, address), own, Some(socket))
        }
        Err(error) => (judge(&error), None, None),
    };
    Reached { address, result, portless, took, own, connection }
}

/// A connection to a port of the ephemeral range may draw that very port for its own end, and then TCP's
/// simultaneous open (RFC 9293 §3.5) lets the socket meet itself: nobody listens there.
fn met(own: Option<SocketAddr>, address: SocketAddr) -> ConnectResult {
    if own == Some(address) { ConnectResult::SelfConnected } else { ConnectResult::Connected }
}

pub(crate) fn judge(error: &io::Error) -> ConnectResult {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => ConnectResult::Refused,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => ConnectResult::TimedOut,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkDown => {
            ConnectResult::Unreachable
        }
        io::ErrorKind::PermissionDenied => ConnectResult::Forbidden,
        _ => ConnectResult::Failed,
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read, net::TcpListener};

    use super::*;

    #[test]
    fn a_listener_is_reached_and_hears_nothing() {
        let listener = TcpListener::bind("127.62.89.5:0").unwrap();
        let place = listener.local_addr().unwrap();
        let mut reached = reach(&[place.ip()], place.port());
        assert_eq!(reached[0].result, ConnectResult::Connected);
        let (mut accepted, peer) = listener.accept().unwrap();
        assert_eq!(Some(peer), reached[0].own);
        reached.clear();
        let ended = accepted.read(&mut [0; 1]).unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn a_closed_port_refuses_and_errors_are_told_apart() {
        // No other test uses these addresses, so none takes the port or calls on it.
        let place = TcpListener::bind("127.62.89.5:0").unwrap().local_addr().unwrap();
        assert_eq!(reach(&[place.ip()], place.port())[0].result, ConnectResult::Refused);
        for (kind, expected) in [
            (io::ErrorKind::ConnectionRefused, ConnectResult::Refused),
            (io::ErrorKind::TimedOut, ConnectResult::TimedOut),
            (io::ErrorKind::HostUnreachable, ConnectResult::Unreachable),
            (io::ErrorKind::NetworkUnreachable, ConnectResult::Unreachable),
            (io::ErrorKind::PermissionDenied, ConnectResult::Forbidden),
            (io::ErrorKind::AddrNotAvailable, ConnectResult::Failed),
        ] {
            assert_eq!(judge(&kind.into()), expected);
        }
        let address = "127.0.0.1:40000".parse().unwrap();
        assert_eq!(met(Some(address), address), ConnectResult::SelfConnected);
        assert_eq!(met("127.0.0.1:40001".parse().ok(), address), ConnectResult::Connected);
    }
}

//! A port kept for a server that is about to start.
//!
//! A socket that is bound with SO_REUSEADDR and does not listen keeps the system from giving the port to anybody
//! who asks for any port, and tells navyd's own that it is taken; a server that sets the same option, as nearly all
//! do, binds it and listens all the same. Deliberately absent: keeping it from a program that names the same port,
//! and servers without that option, which such a socket refuses: those need a port that is not held.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use navyd_model::Protocol;
use socket2::{Domain, Socket, Type};

use crate::{
    bind::{FORMS, Reuse, try_bind},
    kernel::{self, Query, States, Transport},
};

/// Keeps a port on both loopback addresses until it is dropped.
#[derive(Debug)]
pub struct Held {
    port: u16,
    _sockets: Vec<Socket>,
}

impl Held {
    /// Holds a port; `None` when it cannot be held on 127.0.0.1.
    ///
    /// # Errors
    /// The system's refusal for 127.0.0.1. A machine without IPv6 has no other address.
    pub fn on(port: u16) -> io::Result<Self> {
        let first = hold(Ipv4Addr::LOCALHOST.into(), port)?;
        let second = hold(Ipv6Addr::LOCALHOST.into(), port).ok();
        Ok(Self { port, _sockets: [Some(first), second].into_iter().flatten().collect() })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Whether a server that sets SO_REUSEADDR could have the port now, and nobody holds it: unlike
/// [`super::is_free`], remains of ended connections (TIME_WAIT) are no obstacle, so that a server that is started
/// again has the same port.
pub fn is_free_for_server(port: u16) -> bool {
    if super::is_free(port) {
        return true;
    }
    let open = FORMS.iter().filter(|form| form.address.is_ipv4());
    let mut open = open.map(|form| try_bind(Protocol::Tcp, *form, port, Reuse::Server));
    if open.any(|bound| bound.is_err()) {
        return false;
    }
    // Where the system does not tell of sockets that are only bound, something else has to explain the refusal.
    let count = |states| {
        let query = Query::new(Transport::Tcp, states).on(port);
        kernel::sockets(&query).map_or(0, |table| table.sockets.len())
    };
    count(States::LISTEN.with(States::BOUND_NOT_LISTENING)) == 0
        && count(States::TIME_WAIT.with(States::CONNECTED)) > 0
}

fn hold(address: IpAddr, port: u16) -> io::Result<Socket> {
    let address = SocketAddr::new(address, port);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows the option means to steal a port, and is not needed.
    if !cfg!(windows) {
        socket.set_reuse_address(true)?;
    }
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::port::{Rules, Wish, pick};

    fn any() -> u16 {
        pick(&Wish::Anywhere, 1, &Rules::here())[0]
    }

    #[test]
    fn a_held_port_is_not_free_and_a_server_can_have_it() {
        let held = Held::on(any()).unwrap();
        let port = held.port();
        assert!(!is_free_for_server(port) && !crate::port::is_free(port));
        // As nearly every server does, the standard library sets SO_REUSEADDR.
        for address in ["127.0.0.1", "0.0.0.0", "::1", "::"] {
            let address: IpAddr = address.parse().unwrap();
            match TcpListener::bind((address, port)) {
                Ok(_) => {}
                Err(error) => {
                    assert!(address.is_ipv6() && super::super::is_absent(&error), "{address}: {error}");
                }
            }
        }
        drop(held);
        assert!(is_free_for_server(port));
    }

    #[test]
    fn remains_of_connections_are_no_obstacle() {
        let listener = TcpListener::bind(("127.0.0.1", any())).unwrap();
        let address = listener.local_addr().unwrap();
        assert!(!is_free_for_server(address.port()));
        let client = TcpStream::connect(address).unwrap();
        // The end that closes first keeps the remains.
        drop(listener.accept().unwrap());
        drop((client, listener));
        assert!(is_free_for_server(address.port()));
    }
}

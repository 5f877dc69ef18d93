//! A real `bind()`, closed at once: the one proof that a port can be had.
//!
//! The socket never listens and never connects, so that nobody can meet it. While it exists (some tens of
//! microseconds) another program's bind to the same port fails: this is done when asked, never in a loop.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use navyd_model::Protocol;
use socket2::{Domain, Socket, Type};

/// The forms of an address that servers bind: `127.0.0.1`, `0.0.0.0`, `::1`, `::` for both families, and `::`
/// for IPv6 alone.
pub const FORMS: [Form; 5] = [
    Form { address: IpAddr::V4(Ipv4Addr::LOCALHOST), v6only: false },
    Form { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), v6only: false },
    Form { address: IpAddr::V6(Ipv6Addr::LOCALHOST), v6only: false },
    Form { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), v6only: false },
    Form { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), v6only: true },
];

/// One way to bind a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Form {
    /// The address.
    pub address: IpAddr,
    /// Whether `IPV6_V6ONLY` is set; without meaning for IPv4.
    pub v6only: bool,
}

/// Whether the socket is made as servers make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// With SO_REUSEADDR for TCP, so that TIME_WAIT is no obstacle. Not on Windows, where it means to steal.
    Server,
    /// Without any option.
    Plain,
}

/// Binds and closes.
///
/// # Errors
/// The kernel's refusal, as it is.
pub fn try_bind(proto: Protocol, form: Form, port: u16, reuse: Reuse) -> io::Result<()> {
    let kind = if proto == Protocol::Udp { Type::DGRAM } else { Type::STREAM };
    let socket = Socket::new(Domain::for_address(SocketAddr::new(form.address, port)), kind, None)?;
    if proto == Protocol::Tcp && reuse == Reuse::Server && !cfg!(windows) {
        socket.set_reuse_address(true)?;
    }
    if form.address.is_ipv6() {
        socket.set_only_v6(form.v6only)?;
    }
    socket.bind(&SocketAddr::new(form.address, port).into())
}

/// The symbolic name of a refusal, such as `EADDRINUSE`; the system's own number when it has no common one.
pub fn errno(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "EADDRINUSE".into(),
        io::ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL".into(),
        io::ErrorKind::PermissionDenied => "EACCES".into(),
        io::ErrorKind::InvalidInput => "EINVAL".into(),
        io::ErrorKind::Unsupported => "EAFNOSUPPORT".into(),
        _ => error.raw_os_error().map_or_else(|| error.to_string(), |number| format!("errno {number}")),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_held_port_is_refused_and_a_released_one_is_not() {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = holder.local_addr().unwrap().port();
        let refused = try_bind(Protocol::Tcp, FORMS[0], port, Reuse::Server).unwrap_err();
        assert_eq!(errno(&refused), "EADDRINUSE");
        drop(holder);
        try_bind(Protocol::Tcp, FORMS[0], port, Reuse::Server).unwrap();
    }

    #[test]
    fn a_foreign_address_is_not_available() {
        let form = Form { address: "192.0.2.254".parse().unwrap(), v6only: false };
        let refused = try_bind(Protocol::Tcp, form, 0, Reuse::Plain).unwrap_err();
        assert_eq!(errno(&refused), "EADDRNOTAVAIL");
    }
}

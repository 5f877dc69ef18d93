//! Listeners made by hand, for the tests of commands.

use std::net::IpAddr;

use navyd_model::{Exposure, Family, Holder, Listener, Protocol};

/// A TCP listener of nobody.
pub(super) fn tcp(address: &str, port: u16) -> Listener {
    let address: IpAddr = address.parse().unwrap();
    Listener {
        family: if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 },
        address: Some(address),
        exposure: match address {
            address if address.is_loopback() => Exposure::Loopback,
            address if address.is_unspecified() => Exposure::All,
            _ => Exposure::Lan,
        },
        ..Listener::on(Protocol::Tcp, port)
    }
}

/// The same, held by one process.
pub(super) fn held(address: &str, port: u16, pid: u32, name: &str) -> Listener {
    Listener { holders: vec![held_by(pid, name)], ..tcp(address, port) }
}

/// A holder of whom no more is known.
pub(super) fn held_by(pid: u32, name: &str) -> Holder {
    Holder { pid, name: name.into(), ..Holder::default() }
}

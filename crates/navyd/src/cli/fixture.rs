//! Listeners and exchanges made by hand, for the tests of commands.

use std::net::IpAddr;

use jiff::Timestamp;
use navyd_model::{
    Exposure, Family, Holder, Listener, Protocol,
    exchange::{Outcome, Party, Summary},
};

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

/// An exchange that went well.
pub(super) fn summary(id: u64, method: &str, target: &str) -> Summary {
    let party = |program: &str| Party { program: Some(program.into()), ..Party::default() };
    Summary {
        id,
        protocol: navyd_model::exchange::Protocol::Http,
        route: "shop.localhost".into(),
        started: Timestamp::UNIX_EPOCH,
        wait_ms: Some(10.0),
        took_ms: Some(12.34),
        client: party("curl"),
        server: party("node"),
        method: method.into(),
        target: target.into(),
        status: Some(200),
        outcome: Outcome::Complete,
        error: None,
        sent: 78,
        received: 1234,
        lost: 0,
        faults: Vec::new(),
        caused_by: None,
    }
}

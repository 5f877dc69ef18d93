//! Listeners made by hand, for the tests of commands.

use std::net::IpAddr;

use navyd_model::{Exposure, Family, Holder, Listener, Names, Protocol, State};

/// A TCP listener of nobody.
pub(super) fn tcp(address: &str, port: u16) -> Listener {
    let address: IpAddr = address.parse().unwrap();
    Listener {
        proto: Protocol::Tcp,
        family: if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 },
        address: Some(address),
        port: Some(port),
        path: None,
        raw_path: None,
        device: None,
        state: State::Listen,
        exposure: match address {
            address if address.is_loopback() => Exposure::Loopback,
            address if address.is_unspecified() => Exposure::All,
            _ => Exposure::Lan,
        },
        v6only: None,
        netns: None,
        cookie: None,
        inode: None,
        uid: None,
        cgroup: None,
        queue: None,
        owner_unknown: None,
        holders: Vec::new(),
        names: Names::default(),
        speaks: None,
        note: None,
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

//! The gateway's own addresses, which no route may lead to.

use std::{
    cell::RefCell,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// Where this gateway listens.
#[derive(Debug, Default)]
pub(crate) struct Own(RefCell<Vec<SocketAddr>>);

impl Own {
    /// From now on it is these addresses.
    pub(crate) fn set(&self, addresses: Vec<SocketAddr>) {
        self.0.replace(addresses);
    }

    /// Whether a connection to this loopback address would come back here, by whatever alias: connecting to an
    /// unspecified address reaches loopback, and a listener on one is reached by every loopback address.
    pub(crate) fn answers(&self, address: SocketAddr) -> bool {
        let plain = |address: IpAddr| match address.to_canonical() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
            address => address,
        };
        let there = plain(address.ip());
        self.0.borrow().iter().any(|own| {
            let all = own.ip().is_unspecified() && own.is_ipv4() == there.is_ipv4();
            own.port() == address.port() && (all || plain(own.ip()) == there)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_is_known() {
        let own = ["127.0.0.1:80", "[::1]:81", "0.0.0.0:82", "127.0.0.2:83"];
        let addresses = own.map(|address| address.parse().unwrap()).to_vec();
        let own = Own::default();
        own.set(addresses);
        for (address, expected) in [
            ("127.0.0.1:80", true),
            ("0.0.0.0:80", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("127.0.0.2:80", false),
            ("[::1]:80", false),
            ("127.0.0.1:79", false),
            ("[::1]:81", true),
            ("[::]:81", true),
            ("127.9.9.9:82", true),
            ("[::1]:82", false),
            ("127.0.0.2:83", true),
            ("127.0.0.1:83", false),
        ] {
            assert_eq!(own.answers(address.parse().unwrap()), expected, "{address}");
        }
    }
}

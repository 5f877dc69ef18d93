//! The gateway's own addresses, which a route may lead to only where that ends elsewhere.
//!
//! A route of TCP may lead to another one of this gateway, since bytes pass each of them once. Whatever takes names or
//! requests has other ways to tell where it leads, so nothing that comes to them from here is let in.

use std::{
    cell::RefCell,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use navyd_model::{Entry, Route, Scheme, Upstream};

/// Where this gateway listens.
#[derive(Debug, Default)]
pub(crate) struct Own {
    addresses: RefCell<Vec<SocketAddr>>,
    /// Where those lead that carry a stream of bytes.
    leads: RefCell<Vec<(SocketAddr, Upstream)>>,
}

impl Own {
    /// From now on it is these addresses, some of which begin these routes.
    pub(crate) fn set<'a>(&self, addresses: Vec<SocketAddr>, routes: impl Iterator<Item = &'a Route>) {
        let leads = routes.filter_map(|route| match route.entry {
            Entry::Address(address) if route.upstream.scheme == Scheme::Tcp => {
                Some((address, route.upstream.clone()))
            }
            Entry::Address(_) | Entry::Name(_) => None,
        });
        self.leads.replace(leads.collect());
        self.addresses.replace(addresses);
    }

    /// Whether a connection to this address would come here, by whatever alias.
    pub(crate) fn answers(&self, address: SocketAddr) -> bool {
        self.addresses.borrow().iter().any(|own| reaches(*own, address))
    }

    /// Whether a connection to this address would never leave here: because it goes round, or because it is not known
    /// where it goes.
    pub(crate) fn keeps(&self, address: SocketAddr) -> bool {
        self.follow(address, &mut Vec::new(), &mut Vec::new())
    }

    /// `way` are the routes that it has come by, `ends` those that are known to end elsewhere.
    fn follow(&self, address: SocketAddr, way: &mut Vec<usize>, ends: &mut Vec<usize>) -> bool {
        let leads = self.leads.borrow();
        let Some(at) = leads.iter().position(|(own, _)| reaches(*own, address)) else {
            return self.answers(address);
        };
        if ends.contains(&at) {
            return false;
        }
        let upstream = &leads[at].1;
        // Only the system's resolver knows where such a name leads, and that may be here.
        if way.contains(&at) || upstream.elsewhere().is_some() {
            return true;
        }
        way.push(at);
        let stays = upstream.addresses().any(|next| self.follow(next, way, ends));
        way.pop();
        ends.push(at);
        stays
    }
}

/// Whether a connection to this address reaches that listener: connecting to an unspecified address reaches loopback,
/// and a listener on one is reached by every loopback address.
fn reaches(own: SocketAddr, address: SocketAddr) -> bool {
    let plain = |address: IpAddr| match address.to_canonical() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    let there = plain(address.ip());
    let all = own.ip().is_unspecified() && own.is_ipv4() == there.is_ipv4();
    own.port() == address.port() && (all || plain(own.ip()) == there)
}

#[cfg(test)]
mod tests {
    use navyd_model::target::Host;

    use super::*;

    #[test]
    fn every_alias_is_known() {
        let own = ["127.0.0.1:80", "[::1]:81", "0.0.0.0:82", "127.0.0.2:83"];
        let addresses = own.map(|address| address.parse().unwrap()).to_vec();
        let own = Own::default();
        own.set(addresses, [].iter());
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

    #[test]
    fn a_chain_may_end_elsewhere_and_a_circle_ends_nowhere() {
        let mut routes = [
            // Two that lead out, one by way of the other, on both loopback addresses.
            "127.0.0.1:10=tcp://127.0.0.1:9",
            "[::1]:10=tcp://127.0.0.1:9",
            "127.0.0.1:11=tcp://localhost:10",
            "127.0.0.1:12=tcp://127.0.0.1:11",
            // Onto itself, by an alias too.
            "127.0.0.1:20=tcp://127.0.0.1:20",
            "127.0.0.1:21=tcp://localhost:21",
            "0.0.0.0:22=tcp://127.0.0.7:22",
            // Round, and into a circle.
            "127.0.0.1:30=tcp://127.0.0.1:31",
            "127.0.0.1:31=tcp://127.0.0.1:32",
            "127.0.0.1:32=tcp://127.0.0.1:30",
            "127.0.0.1:33=tcp://127.0.0.1:32",
            // To what understands requests, to all names, and to who knows where.
            "127.0.0.1:40=http://127.0.0.1:9",
            "127.0.0.1:41=tcp://127.0.0.1:40",
            "127.0.0.1:42=tcp://127.0.0.1:50",
            "127.0.0.1:43=tcp://127.0.0.1:9",
        ]
        .map(|route| route.parse::<Route>().unwrap());
        if let Some(last) = routes.last_mut() {
            last.upstream.host = Host::Name("db.example".to_owned());
        }
        let begins = routes.iter().filter_map(|route| match route.entry {
            Entry::Address(address) => Some(address),
            Entry::Name(_) => None,
        });
        let own = Own::default();
        own.set(begins.chain(["127.0.0.1:50".parse().unwrap()]).collect(), routes.iter());
        for (ports, expected) in
            [(&[9, 10, 11, 12][..], false), (&[20, 21, 22, 30, 31, 32, 33, 40, 41, 42, 43, 50], true)]
        {
            for port in ports {
                assert_eq!(own.keeps(SocketAddr::from(([127, 0, 0, 1], *port))), expected, "{port}");
            }
        }
    }
}

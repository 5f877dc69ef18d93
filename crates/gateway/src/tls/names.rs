//! For which hosts there is a certificate: those that a route or the gateway itself answers for, and no other.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use navyd_model::{Entry, Route, target::Host};

use super::scope;

/// The gateway's own names.
const OWN: [&str; 2] = ["localhost", "navyd.localhost"];

/// The hosts that exist.
#[derive(Debug, Default)]
pub(crate) struct Names {
    exact: HashSet<String>,
    /// Every name below these, but not they themselves.
    below: HashSet<String>,
    /// Where the gateway listens.
    addresses: Vec<IpAddr>,
}

impl Names {
    /// Those of these routes, and the addresses where the gateway listens.
    pub(crate) fn of<'a>(routes: impl IntoIterator<Item = &'a Route>, listen: &[SocketAddr]) -> Self {
        let mut names = Self::at(listen.iter().map(SocketAddr::ip));
        for route in routes {
            let Entry::Name(name) = &route.entry else { continue };
            let hosts = if name.wildcard { &mut names.below } else { &mut names.exact };
            hosts.insert(name.host.clone());
        }
        names
    }

    /// Those of a server beside the gateway.
    pub(super) fn beside(names: &[String], addresses: &[IpAddr]) -> Self {
        Self { exact: names.iter().cloned().collect(), ..Self::at(addresses.iter().copied()) }
    }

    fn at(addresses: impl Iterator<Item = IpAddr>) -> Self {
        let mut known = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        for address in addresses.filter(IpAddr::is_loopback) {
            if !known.contains(&address) {
                known.push(address);
            }
        }
        Self { addresses: known, ..Self::default() }
    }

    /// The hosts of the certificate for a client that asks for this name, in lower case, or for none; empty when
    /// there is no such host.
    pub(super) fn certified(&self, name: Option<&str>) -> Vec<Host> {
        match name {
            Some(name) if !OWN.contains(&name) => {
                let host = Host::Name(name.to_owned());
                if self.knows(name) && scope::covers(&host) { vec![host] } else { Vec::new() }
            }
            _ => {
                let own = OWN.map(|name| Host::Name(name.to_owned()));
                own.into_iter().chain(self.addresses.iter().copied().map(Host::Address)).collect()
            }
        }
    }

    /// The names that are known in advance.
    pub(super) fn exact(&self) -> impl Iterator<Item = &str> {
        self.exact.iter().map(String::as_str)
    }

    fn knows(&self, name: &str) -> bool {
        let mut parents = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
        self.exact.contains(name) || parents.any(|parent| self.below.contains(parent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_exist_are_certified() {
        let routes = ["shop.localhost", "shop.localhost/api", "*.docs.localhost", "app.test", "shop.example"];
        let routes = routes.map(|name| format!("{name}=http://127.0.0.1:1").parse().unwrap());
        let listen = ["127.0.0.1:1", "[::1]:1", "127.9.8.7:1", "127.9.8.7:2", "0.0.0.0:3"];
        let names = Names::of(&routes, &listen.map(|address| address.parse().unwrap()));
        let own = "localhost navyd.localhost 127.0.0.1 ::1 127.9.8.7";
        for (name, expected) in [
            (None, own),
            (Some("localhost"), own),
            (Some("navyd.localhost"), own),
            (Some("shop.localhost"), "shop.localhost"),
            (Some("a.shop.localhost"), ""),
            (Some("docs.localhost"), ""),
            (Some("a.docs.localhost"), "a.docs.localhost"),
            (Some("b.a.docs.localhost"), "b.a.docs.localhost"),
            (Some("*.docs.localhost"), ""),
            (Some("app.test"), "app.test"),
            (Some("shop.example"), ""),
            (Some("evil.example"), ""),
            (Some("127.0.0.1"), ""),
            (Some(""), ""),
        ] {
            let hosts: Vec<_> = names.certified(name).iter().map(ToString::to_string).collect();
            assert_eq!(hosts.join(" "), expected, "{name:?}");
        }
    }
}

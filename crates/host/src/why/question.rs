//! What was asked, and which sockets that concerns.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use navyd_model::{BindAttempt, ConnectAttempt, Listener, Protocol, State, Target, target::Host, why::Asked};

use super::facts::{Facts, Neighbour};

/// A target with its name resolved.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// The port.
    pub(super) port: u16,
    /// The protocol: TCP unless another was named.
    pub(super) proto: Protocol,
    /// The host as it was typed.
    pub(super) host: Option<Host>,
    /// The addresses asked about; `None` when a bare port was, which means all.
    pub(super) addresses: Option<Vec<IpAddr>>,
}

/// Where a socket stands: an address, and whether it takes IPv4 besides IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    address: IpAddr,
    dual: bool,
}

impl Question {
    /// Reads a target. `None` when it names no port: then there is nothing to explain.
    pub(super) fn of(target: &Target, facts: &Facts) -> Option<Self> {
        let addresses = match &target.host {
            None => None,
            Some(Host::Address(address)) => Some(vec![address.to_canonical()]),
            Some(Host::Name(_)) => {
                Some(facts.resolution.as_ref().map(|found| found.addresses.clone()).unwrap_or_default())
            }
        };
        Some(Self {
            port: target.port?,
            proto: target.proto.unwrap_or(Protocol::Tcp),
            host: target.host.clone(),
            addresses,
        })
    }

    /// The target as the answer repeats it.
    pub(super) fn asked(&self) -> Asked {
        Asked {
            host: self.host.as_ref().map(ToString::to_string),
            address: self.addresses.as_ref().and_then(|addresses| addresses.first().copied()),
            port: Some(self.port),
            proto: self.proto,
        }
    }

    /// `localhost:3000`, `127.0.0.1:3000`, `3000/tcp`.
    pub(super) fn name(&self) -> String {
        match &self.host {
            Some(Host::Address(IpAddr::V6(address))) => format!("[{address}]:{}", self.port),
            Some(host) => format!("{host}:{}", self.port),
            None => format!("{}/{}", self.port, self.proto.as_str()),
        }
    }

    /// Whether an address is one of those asked about.
    pub(super) fn wants(&self, address: IpAddr) -> bool {
        self.addresses.as_ref().is_none_or(|wanted| wanted.contains(&address.to_canonical()))
    }

    /// The sockets of this namespace that receive on what was asked about.
    pub(super) fn listening<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a Listener> {
        let own = facts.listeners.iter().filter(|listener| listener.netns.is_none());
        own.filter(|listener| listens(listener) && self.concerns_listener(listener))
    }

    /// The sockets of this namespace that are bound there and do not listen.
    pub(super) fn bound<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a Listener> {
        let own = facts.listeners.iter().filter(|listener| listener.netns.is_none());
        own.filter(|listener| listener.state == State::BoundNotListening && self.concerns_listener(listener))
    }

    /// The listeners of other namespaces.
    pub(super) fn elsewhere<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a Listener> {
        let others = facts.listeners.iter().filter(|listener| listener.netns.is_some());
        others.filter(|listener| listens(listener) && self.concerns_listener(listener))
    }

    /// The connections that have the port and belong to no listener here. What a listener accepted shares its
    /// port and stands in nobody's way.
    pub(super) fn strays<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a Neighbour> {
        facts.neighbours.iter().filter(move |neighbour| {
            let place = Place::of_address(neighbour.socket.local.ip());
            let accepted = facts.listeners.iter().any(|listener| {
                listens(listener)
                    && listener.netns.is_none()
                    && listener.proto == neighbour.proto()
                    && Place::of_listener(listener).is_some_and(|taken| taken.overlaps(place))
            });
            neighbour.proto() == self.proto && !accepted && self.concerns(place)
        })
    }

    /// The attempts to bind what was asked about.
    pub(super) fn binds<'a>(&'a self, attempts: &'a [BindAttempt]) -> impl Iterator<Item = &'a BindAttempt> {
        attempts.iter().filter(|attempt| self.wants(attempt.address))
    }

    /// Whether the kernel let this very address be bound, in every form tried.
    pub(super) fn is_admitted(&self, facts: &Facts, address: IpAddr) -> bool {
        let mut tried = facts.bind.iter().filter(|attempt| attempt.address == address).peekable();
        tried.peek().is_some() && tried.all(|attempt| attempt.ok)
    }

    /// The attempts to connect to what was asked about. Who asks for `0.0.0.0` or `::` reaches loopback there.
    pub(super) fn connects<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a ConnectAttempt> {
        let any = |v4: bool| {
            self.addresses.iter().flatten().any(|wanted| wanted.is_unspecified() && wanted.is_ipv4() == v4)
        };
        facts.connect.iter().filter(move |attempt| {
            let address = attempt.address.ip();
            self.wants(address) || (address.is_loopback() && any(address.is_ipv4()))
        })
    }

    /// Whether the target names this machine's loopback, or nothing at all.
    pub(super) fn is_local_name(&self) -> bool {
        match &self.host {
            None => true,
            Some(Host::Name(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Address(_)) => false,
        }
    }

    fn concerns_listener(&self, listener: &Listener) -> bool {
        listener.proto == self.proto && Place::of_listener(listener).is_some_and(|place| self.concerns(place))
    }

    fn concerns(&self, place: Place) -> bool {
        let wanted = |address: &IpAddr| place.overlaps(Place { address: *address, dual: is_any6(*address) });
        self.addresses.as_ref().is_none_or(|addresses| addresses.iter().any(wanted))
    }
}

impl Place {
    /// Where a listener stands; `None` for unix sockets. `::` takes IPv4 unless the kernel says that it does not.
    pub(super) fn of_listener(listener: &Listener) -> Option<Self> {
        let address = listener.address?.to_canonical();
        Some(Self { address, dual: is_any6(address) && listener.v6only != Some(true) })
    }

    /// Where a connection stands.
    pub(super) fn of_address(address: IpAddr) -> Self {
        Self { address: address.to_canonical(), dual: false }
    }

    /// Where an attempt stood.
    pub(super) fn of_attempt(attempt: &BindAttempt) -> Self {
        let address = attempt.address.to_canonical();
        Self { address, dual: is_any6(address) && !attempt.v6only }
    }

    /// Whether two sockets with the same port are in each other's way: both have the same address, or one of
    /// them every address of the other's family.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let covers = |one: Self, two: Self| {
            (one.address.is_unspecified() && one.address.is_ipv4() == two.address.is_ipv4()) || one.dual
        };
        self.address == other.address || covers(self, other) || covers(other, self)
    }
}

/// Whether a socket receives.
pub(super) fn listens(listener: &Listener) -> bool {
    matches!(listener.state, State::Listen | State::Bound)
}

/// Whether a connection to `address` arrives at the listener, as far as addresses decide it, and for certain:
/// `::` counts for IPv4 only when the kernel says so, and a socket bound to one device hears no other.
pub(super) fn answers(facts: &Facts, listener: &Listener, address: IpAddr) -> bool {
    let Some(bound) = listener.address.map(|bound| bound.to_canonical()) else { return false };
    let address_fits = bound == address
        || (bound.is_unspecified() && bound.is_ipv4() == address.is_ipv4())
        || (is_any6(bound) && listener.v6only == Some(false));
    let device_fits = listener.device.as_deref().is_none_or(|device| facts.is_loopback(device));
    listens(listener) && listener.netns.is_none() && address_fits && device_fits
}

/// The loopback addresses that names for this machine lead to.
pub(super) const LOCALHOST: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

fn is_any6(address: IpAddr) -> bool {
    address == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bind matrix as measured with real sockets.
    #[test]
    fn places_overlap_as_the_kernel_has_it() {
        let place = |text: &str| match text {
            ":: dual" => Place { address: "::".parse().unwrap(), dual: true },
            _ => Place { address: text.parse().unwrap(), dual: false },
        };
        let columns = ["127.0.0.1", "0.0.0.0", "::1", ":: dual", "::"];
        for (existing, expected) in [
            ("127.0.0.1", [true, true, false, true, false]),
            ("127.0.0.2", [false, true, false, true, false]),
            ("0.0.0.0", [true, true, false, true, false]),
            ("::1", [false, false, true, true, true]),
            ("::", [false, false, true, true, true]),
            (":: dual", [true, true, true, true, true]),
        ] {
            let found = columns.map(|new| place(existing).overlaps(place(new)));
            assert_eq!(found, expected, "{existing}");
            let mirrored = columns.map(|new| place(new).overlaps(place(existing)));
            assert_eq!(mirrored, expected, "{existing}, from the other side");
        }
    }
}

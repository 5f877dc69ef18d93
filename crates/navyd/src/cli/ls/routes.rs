//! The hub's own listeners by their name, and the names by which the hub leads to others.
//!
//! One question to a hub that runs, and none where there is none. Without an answer in time the map stays as the
//! kernel has it.

use std::time::Duration;

use navyd_model::{Entry, Listener, Protocol, Route, State, hub::RouteEntry};

use crate::hub;

/// How long the hub may take: the map does not wait for it.
const PATIENCE: Duration = Duration::from_millis(50);

/// What the hub's process is called.
const HUB: &str = "navyd hub";

/// Names what the hub holds, and notes how it leads to others.
pub(super) fn tell(listeners: &mut [Listener]) {
    let Some(hub) = hub::glance(PATIENCE) else { return };
    name(listeners, hub.pid());
    // Nothing is noted where the hub does not tell.
    note(listeners, &hub.routes().unwrap_or_default().routes);
}

fn name(listeners: &mut [Listener], hub: Option<u32>) {
    let holders = listeners.iter_mut().flat_map(|listener| &mut listener.holders);
    for holder in holders.filter(|holder| hub == Some(holder.pid)) {
        HUB.clone_into(&mut holder.name);
    }
}

/// Bias: of several names the first is noted, which is the oldest.
fn note(listeners: &mut [Listener], routes: &[RouteEntry]) {
    for route in routes {
        let (Some(url), Ok(read)) = (&route.url, format!("{}={}", route.from, route.to).parse::<Route>())
        else {
            continue;
        };
        // A path is not the name of what serves it.
        if matches!(&read.entry, Entry::Name(name) if name.path != "/") {
            continue;
        }
        for listener in
            listeners.iter_mut().filter(|listener| listener.note.is_none() && leads(&read, listener))
        {
            listener.note = Some(url.clone());
        }
    }
}

/// Whether a route leads to a listener of this machine.
fn leads(route: &Route, listener: &Listener) -> bool {
    let is_there =
        listener.proto == Protocol::Tcp && listener.state == State::Listen && listener.netns.is_none();
    is_there
        && listener.address.is_some_and(|at| {
            route.upstream.addresses().any(|to| {
                let takes = at == to.ip() || at.is_unspecified() && (at.is_ipv4() == to.is_ipv4());
                takes && listener.port == Some(to.port())
            })
        })
}

#[cfg(test)]
mod tests {
    use navyd_model::hub::PORT;

    use super::{
        super::fixture::{held_by, tcp},
        *,
    };

    #[test]
    fn what_a_route_leads_to_has_its_name() {
        let routes = ["*.shop.localhost", "shop.localhost/api", "shop.localhost", "old.localhost"];
        let routes = routes.map(|name| {
            RouteEntry::new(&format!("{name}=http://localhost:3000").parse().unwrap(), PORT, None)
        });
        for (listener, expected) in [
            (tcp("127.0.0.1", 3000), true),
            (tcp("::1", 3000), true),
            (tcp("0.0.0.0", 3000), true),
            (tcp("127.0.0.2", 3000), false),
            (tcp("127.0.0.1", 3001), false),
            (Listener { proto: Protocol::Udp, ..tcp("127.0.0.1", 3000) }, false),
            (Listener { state: State::BoundNotListening, ..tcp("127.0.0.1", 3000) }, false),
        ] {
            let mut listeners = [listener];
            note(&mut listeners, &routes);
            let expected = expected.then_some("http://shop.localhost:62893");
            assert_eq!(listeners[0].note.as_deref(), expected, "{:?}", listeners[0]);
        }
    }

    #[test]
    fn the_hub_has_its_name() {
        let held = || Listener { holders: vec![held_by(7, "navyd")], ..tcp("127.0.0.1", PORT) };
        let mut listeners = [held(), Listener { holders: vec![held_by(8, "navyd")], ..held() }];
        name(&mut listeners, Some(7));
        assert_eq!(
            listeners.each_ref().map(|listener| listener.holders[0].name.as_str()),
            ["navyd hub", "navyd"]
        );
    }
}

//! What the host's doctor is told about the hub: the eyes do not know it.

use std::time::Duration;

use navyd_model::{Entry, Route};

use crate::{
    client::{HubSeen, OurHub, Outside},
    hub::{self, ClientError},
};

/// How long a hub that runs may take: it answers in a millisecond, or something is wrong with it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Asks the hub how it is. None is started.
pub(super) fn ask() -> Outside {
    Outside { hub: seen(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// The names of routes that could stand in a hosts file.
pub(super) fn names() -> Vec<String> {
    match seen() {
        HubSeen::Answered(hub) => hub.names,
        _ => Vec::new(),
    }
}

fn seen() -> HubSeen {
    let Ok(places) = hub::places() else { return HubSeen::Unasked };
    let silent = |error: &ClientError| match error.cause() {
        Some(cause) => HubSeen::Silent(format!("{error}: {cause}")),
        None => HubSeen::Silent(error.to_string()),
    };
    let client = match hub::Client::within(&places.socket(), PATIENCE) {
        Ok(client) => client,
        Err(ClientError::NotRunning) => return HubSeen::Absent,
        Err(error) => return silent(&error),
    };
    let answered = client.status().and_then(|hub| Ok((hub, client.routes()?.routes)));
    let (hub, routes) = match answered {
        Ok(answered) => answered,
        Err(error) => return silent(&error),
    };
    let mut names: Vec<String> =
        routes.iter().filter_map(|route| name(&format!("{}={}", route.from, route.to))).collect();
    names.sort();
    names.dedup();
    let ports = hub.listen.iter().map(std::net::SocketAddr::port).collect();
    HubSeen::Answered(OurHub { version: hub.version, ports, names, ending: hub.ending })
}

/// The name that a route begins at. Hosts files have no wildcards, and `localhost` stands in them by itself.
fn name(route: &str) -> Option<String> {
    match route.parse::<Route>().ok()?.entry {
        Entry::Name(name) if !name.wildcard && name.host != "localhost" => Some(name.host),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_can_stand_in_a_hosts_file() {
        for (route, expected) in [
            ("shop.localhost=http://127.0.0.1:3000", Some("shop.localhost")),
            ("shop.localhost/api=http://127.0.0.1:3000", Some("shop.localhost")),
            ("*.shop.localhost=http://127.0.0.1:3000", None),
            ("127.0.0.1:15432=tcp://127.0.0.1:5432", None),
        ] {
            assert_eq!(name(route).as_deref(), expected, "{route}");
        }
    }
}

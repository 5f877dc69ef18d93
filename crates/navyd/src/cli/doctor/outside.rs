//! What the host's doctor is told about the hub and its authority: the eyes do not know them.

use std::{sync::mpsc, thread, time::Duration};

use jiff::Timestamp;
use navyd_hub::trust::{Finding, Kept, Root, STORES, State, ThisMachine, look};
use navyd_model::{Entry, Route};

use crate::{
    client::{Authority, AuthoritySeen, HubSeen, OurHub, Outside, Trusted, Validity},
    hub::{self, ClientError},
};

/// How long a hub that runs may take: it answers in a millisecond, or something is wrong with it.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long the stores of this machine may take: some are asked by programs of theirs, and one of those is slow.
const STORES_PATIENCE: Duration = Duration::from_millis(500);

/// Asks the hub how it is, and looks at the authority. None is started, and none is made.
pub(super) fn ask() -> Outside {
    Outside { hub: seen(), authority: authority(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

fn authority() -> AuthoritySeen {
    let Ok(places) = hub::places() else { return AuthoritySeen::Unasked };
    let found = match Kept::find(&places) {
        Ok(Some(found)) => found,
        Ok(None) => return AuthoritySeen::Absent,
        Err(error) => return AuthoritySeen::Unreadable(error.to_string()),
    };
    // The one below the root signs, so it is its time that counts.
    let (Some(validity), Some(root)) = (Validity::of(found.intermediate()), Root::of(found.root())) else {
        return AuthoritySeen::Unreadable("its certificates are none".into());
    };
    AuthoritySeen::Made(Authority { now: Timestamp::now(), validity, stores: stores(root) })
}

/// Which stores hold a root. A store that keeps silent costs no more than the patience for it: the thread is left behind,
/// and changes nothing.
fn stores(root: Root) -> Result<Vec<(String, Trusted)>, String> {
    let (say, said) = mpsc::channel();
    let work = move || say.send(look(&ThisMachine, STORES, Some(&root)));
    thread::Builder::new().name("stores".into()).spawn(work).map_err(|error| error.to_string())?;
    let found = said.recv_timeout(STORES_PATIENCE);
    let found = found.map_err(|_| format!("they did not tell within {} ms", STORES_PATIENCE.as_millis()))?;
    Ok(found.iter().filter_map(told).collect())
}

/// A store that is on this machine.
fn told(finding: &Finding) -> Option<(String, Trusted)> {
    let trusted = match finding.state {
        State::Installed => Trusted::Yes,
        State::Missing | State::Partly => Trusted::No,
        State::Unknown | State::Unable => Trusted::Unknown,
        State::NotHere => return None,
    };
    Some((finding.store.to_owned(), trusted))
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

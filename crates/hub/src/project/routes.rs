//! Routes that follow services: to where they really listen, for as long as they are there.
//!
//! The gateway has a changed route before it hears that the service is ready, because requests that wait go on just
//! then. Deliberately absent: names, which are the model's.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use navyd_gateway::Routed;
use navyd_model::{Route, Service};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    task::spawn_blocking,
};

use super::resolve::{Entries, Leading};
use crate::{
    book::{Missed, Refusal, recorded},
    house::House,
    listen,
};

/// What leads to services.
#[derive(Default)]
pub(super) struct Names {
    named: Mutex<HashMap<String, Named>>,
    /// One service is led to at a time, so that nothing older is shown after something newer.
    turn: tokio::sync::Mutex<()>,
}

struct Named {
    entries: Vec<Leading>,
    /// The port that the service was told.
    told: u16,
    /// Where its routes should lead now.
    leads: Option<SocketAddr>,
    /// Whether the gateway has them all: a name may be another's until that ends.
    given: bool,
    /// Which it does not have, and why.
    notes: Vec<String>,
    /// What the gateway knows of it.
    shown: watch::Sender<Service>,
}

/// Gives services what leads to them.
pub(super) async fn give(house: &Arc<House>, all: Vec<Entries>) {
    let services = house.projects.supervisor.services();
    for Entries { id, entries, told, .. } in all {
        let Some(service) = services.iter().find(|service| service.id == id) else { continue };
        {
            let mut names = house.projects.names.lock();
            let shown = names.remove(&id).map(|named| named.shown);
            let shown = shown.unwrap_or_else(|| watch::Sender::new(service.clone()));
            names.insert(id, Named { entries, told, leads: None, given: false, notes: Vec::new(), shown });
        }
        lead(house, &service.id).await;
    }
}

/// Takes away what leads to services.
pub(super) async fn forget(house: &Arc<House>, ids: Vec<String>) {
    let _turn = house.projects.names.turn.lock().await;
    for id in ids {
        if house.projects.names.lock().remove(&id).is_some() {
            lease(house, id, Vec::new()).await;
        }
    }
}

/// Lets the routes follow the services. Ends with the hub.
pub(crate) async fn follow(house: Arc<House>) {
    let mut changes = house.projects.supervisor.changes();
    loop {
        match changes.recv().await {
            Ok(service) => lead(&house, &service.id).await,
            // What was missed is looked up.
            Err(RecvError::Lagged(_)) => {
                for service in house.projects.supervisor.services() {
                    lead(&house, &service.id).await;
                }
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Makes the routes of a service lead to where it listens now, and then shows the gateway how it stands.
async fn lead(house: &Arc<House>, id: &str) {
    let _turn = house.projects.names.turn.lock().await;
    // Looked up now: what was told of it may be older than what the gateway knows already.
    let services = house.projects.supervisor.services();
    if let Some(service) = services.into_iter().find(|service| service.id == id) {
        point(house, service).await;
    }
}

async fn point(house: &Arc<House>, service: Service) {
    let wanted = {
        let mut names = house.projects.names.lock();
        let Some(named) = names.get_mut(&service.id) else { return };
        let address = service.listens.first().copied().map_or_else(
            // Whoever ended will listen where it did.
            || named.leads.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, named.told).into()),
            reachable,
        );
        // A name that was another's may be free by now: looked at whenever the service takes a step.
        let again = !named.given && named.shown.borrow().phase != service.phase;
        let wanted = again || named.leads != Some(address);
        named.leads = Some(address);
        wanted.then(|| routes(named, address))
    };
    if let Some(routes) = wanted {
        let notes = lease(house, service.id.clone(), routes).await;
        if let Some(named) = house.projects.names.lock().get_mut(&service.id) {
            (named.given, named.notes) = (notes.is_empty(), notes);
        }
    }
    if let Some(named) = house.projects.names.lock().get(&service.id) {
        named.shown.send_replace(service);
    }
}

fn routes(named: &Named, address: SocketAddr) -> Vec<Routed> {
    // What leads to a loopback address is always a route; another would be left out.
    let routed = |leading: &Leading| {
        let route: Route = format!("{}{address}", leading.text).parse().ok()?;
        Some(Routed { service: Some(named.shown.subscribe()), ..recorded(route, leading.capture) })
    };
    named.entries.iter().filter_map(routed).collect()
}

/// Gives an owner these routes instead of those that it has; a sentence on each that it does not get.
pub(super) async fn lease(house: &Arc<House>, owner: String, routes: Vec<Routed>) -> Vec<String> {
    let leasing = Arc::clone(house);
    let name = owner.clone();
    let leased = spawn_blocking(move || leasing.book.lease(&owner, routes)).await;
    let notes = match leased {
        Ok(Ok(missed)) => told(&name, &missed),
        Ok(Err(refusal)) => vec![format!("`{name}` has no route: {refusal}")],
        Err(error) => vec![format!("`{name}` has no route: {error}")],
    };
    notes.iter().for_each(|note| house.log.say(note));
    notes
}

/// What these services do not have, and who has it.
pub(super) fn notes<'i>(house: &House, ids: impl IntoIterator<Item = &'i String>) -> Vec<String> {
    let names = house.projects.names.lock();
    ids.into_iter().filter_map(|id| names.get(id)).flat_map(|named| named.notes.iter().cloned()).collect()
}

/// A sentence on each route that somebody does not get. A host that another has says it for the names below it. Pure.
fn told(name: &str, missed: &[Missed]) -> Vec<String> {
    let is_told = |entry: &str| {
        entry
            .strip_prefix("*.")
            .is_some_and(|host| missed.iter().any(|other| other.entry.to_string() == host))
    };
    let tell = |Missed { entry, why }: &Missed| {
        let entry = entry.to_string();
        let note = match why {
            _ if is_told(&entry) => return None,
            Refusal::Taken { to, holder, .. } => {
                let end = holder.end(&entry);
                format!(
                    "`{name}` goes without `{entry}`: it leads to `{to}` and belongs to {holder}; `{end}` frees it"
                )
            }
            Refusal::Listen { address, cause } => {
                let who =
                    listen::holder(*address).map_or_else(|| cause.clone(), |who| format!("{who} has it"));
                format!("`{name}` goes without `{entry}`: {who}")
            }
            why => format!("`{name}` goes without `{entry}`: {why}"),
        };
        Some(note)
    };
    missed.iter().filter_map(tell).collect()
}

/// Whoever listens on all addresses, or on one of this machine's others, is reached at loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if ip.is_loopback() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        // One that listens on all addresses of IPv6 hears IPv4 as well, unless it was told not to.
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

impl Names {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Named>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::Phase;

    use super::*;
    use crate::{scratch::Scratch, supervisor::fixture};

    #[tokio::test]
    async fn a_name_that_was_anothers_is_had_later() {
        let scratch = Scratch::new();
        let house = House::of_test(&scratch).await;
        let other: Route = "web.localhost=http://127.0.0.1:1".parse().unwrap();
        let mut service = fixture::service("web");
        let entries = vec![Leading { text: "web.localhost=http://".to_owned(), capture: true }];
        let shown = watch::Sender::new(service.clone());
        let named = Named { entries, told: 2, leads: None, given: false, notes: Vec::new(), shown };
        house.projects.names.lock().insert(service.id.clone(), named);

        let blocking = Arc::clone(&house);
        let taken = other.clone();
        spawn_blocking(move || blocking.book.add(&taken, true)).await.unwrap().unwrap();
        point(&house, service.clone()).await;
        assert_eq!(house.book.list()[0].to, "http://127.0.0.1:1");
        let note = "`web.shop` goes without `web.localhost`: it leads to `http://127.0.0.1:1` and belongs to whoever \
                    added it with `navyd route add`; `navyd route rm web.localhost` frees it";
        assert_eq!(notes(&house, [&service.id]), [note]);

        let blocking = Arc::clone(&house);
        spawn_blocking(move || blocking.book.remove(&other.entry)).await.unwrap().unwrap();
        service.phase = Phase::Starting;
        point(&house, service.clone()).await;
        assert_eq!(notes(&house, [&service.id]), Vec::<String>::new());
        let routes: Vec<_> = house.book.list().iter().map(|route| route.to.clone()).collect();
        assert_eq!(routes, ["http://127.0.0.1:2"]);
    }

    #[test]
    fn a_route_leads_to_loopback() {
        for (listens, expected) in [
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("127.0.0.7:1", "127.0.0.7:1"),
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("192.0.2.7:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), expected);
        }
    }
}

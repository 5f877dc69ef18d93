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

use super::resolve::Entries;
use crate::house::House;

/// What leads to services.
#[derive(Default)]
pub(super) struct Names {
    named: Mutex<HashMap<String, Named>>,
    /// One service is led to at a time, so that nothing older is shown after something newer.
    turn: tokio::sync::Mutex<()>,
}

struct Named {
    entries: Vec<String>,
    /// The port that the service was told.
    told: u16,
    /// Where its routes lead now.
    leads: Option<SocketAddr>,
    /// What the gateway knows of it.
    shown: watch::Sender<Service>,
}

/// Gives services what leads to them.
pub(super) async fn give(house: &Arc<House>, all: Vec<Entries>) {
    let services = house.projects.supervisor.services();
    for Entries { id, entries, told } in all {
        let Some(service) = services.iter().find(|service| service.id == id) else { continue };
        {
            let mut names = house.projects.names.lock();
            let shown = names.remove(&id).map(|named| named.shown);
            let shown = shown.unwrap_or_else(|| watch::Sender::new(service.clone()));
            names.insert(id, Named { entries, told, leads: None, shown });
        }
        lead(house, &service.id).await;
    }
}

/// Takes away what leads to services.
pub(super) async fn forget(house: &Arc<House>, ids: Vec<String>) {
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
    let Some(service) = services.into_iter().find(|service| service.id == id) else { return };
    let wanted = {
        let mut names = house.projects.names.lock();
        let Some(named) = names.get_mut(&service.id) else { return };
        let address = service.listens.first().copied().map_or_else(
            // Whoever ended will listen where it did.
            || named.leads.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, named.told).into()),
            reachable,
        );
        let wanted = (named.leads != Some(address)).then(|| routes(&named.entries, address, &named.shown));
        named.leads = Some(address);
        wanted
    };
    if let Some(routes) = wanted {
        lease(house, service.id.clone(), routes).await;
    }
    if let Some(named) = house.projects.names.lock().get(&service.id) {
        named.shown.send_replace(service);
    }
}

fn routes(entries: &[String], address: SocketAddr, shown: &watch::Sender<Service>) -> Vec<Routed> {
    // What leads to a loopback address is always a route; another would be left out.
    let routes = entries.iter().filter_map(|entry| format!("{entry}{address}").parse::<Route>().ok());
    routes.map(|route| Routed { route, service: Some(shown.subscribe()) }).collect()
}

pub(super) async fn lease(house: &Arc<House>, owner: String, routes: Vec<Routed>) {
    let leasing = Arc::clone(house);
    let name = owner.clone();
    let leased = spawn_blocking(move || leasing.book.lease(&owner, routes)).await;
    if let Ok(Err(refusal)) = leased {
        house.log.say(format_args!("`{name}` has no route: {refusal}"));
    }
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
    use super::*;

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

//! The routes of the hub: those that people keep, and those that services have as long as they run.
//!
//! Every change is one step: the gateway has it, then the disk, then whoever listens is told; what fails leaves
//! everything as it was. Changes block, so they run where blocking is allowed; reading never waits for them.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use navyd_gateway::{Routed, StartError};
use navyd_model::{
    Change, Entry, Route,
    hub::{Happened, Keeper, RouteEntry, is_own_host},
};

use crate::{
    doors::{DoorError, Doors},
    events::Events,
    kept,
};

/// The most routes of people. Far above any use, so that a loop that adds them ends.
pub(crate) const MOST: usize = 10_000;

/// The routes.
pub(crate) struct Book {
    doors: Arc<Doors>,
    events: Arc<Events>,
    file: PathBuf,
    pages: Mutex<Pages>,
    shown: Mutex<Arc<Vec<RouteEntry>>>,
}

#[derive(Clone, Default)]
struct Pages {
    kept: Vec<Kept>,
    leased: Vec<Lease>,
}

/// A route of a person.
#[derive(Clone)]
struct Kept {
    route: Route,
    /// Whether the gateway has it: at the start an address may be taken, and then the route waits for the next.
    open: bool,
}

/// Routes that go with their owner.
#[derive(Clone)]
struct Lease {
    owner: String,
    routes: Vec<Routed>,
}

/// Why a route is not added or removed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Another route begins there.
    #[error("`{from}` leads to `{to}` already")]
    Taken {
        /// Where it begins.
        from: String,
        /// Where it leads.
        to: String,
    },
    /// It would begin where the hub itself is.
    #[error("`{0}` is the hub itself")]
    Own(String),
    /// It would lead to the hub itself.
    #[error("`{0}` leads back to the hub")]
    Loop(String),
    /// No route begins there.
    #[error("no route begins at `{0}`")]
    Unknown(String),
    /// The route is a service's.
    #[error("`{from}` belongs to the service `{service}`")]
    OfService {
        /// Where it begins.
        from: String,
        /// The service.
        service: String,
    },
    /// There are too many.
    #[error("there are {MOST} routes already")]
    TooMany,
    /// Its address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: String,
    },
    /// The system does not let the gateway have it.
    #[error("the gateway cannot take the route")]
    Gateway(#[source] io::Error),
    /// The hub ends.
    #[error("the hub is ending")]
    Ending,
    /// The disk does not take it.
    #[error("the route cannot be kept")]
    Disk(#[source] io::Error),
}

impl Book {
    /// Opens the routes that were kept. Those whose address is taken wait for the next start, and are named.
    pub(crate) fn open(
        doors: Arc<Doors>,
        events: Arc<Events>,
        file: PathBuf,
        routes: Vec<Route>,
    ) -> (Self, Vec<String>) {
        let kept = routes.into_iter().map(|route| Kept { route, open: true }).collect();
        let mut pages = Pages { kept, leased: Vec::new() };
        let mut notes = Vec::new();
        // Each turn closes at least one route, so it ends.
        while let Err(error) = doors.change(pages.wanted()) {
            let DoorError::Refused(StartError::Listen { address, source }) = &error else {
                notes.push(error.to_string());
                pages.kept.iter_mut().for_each(|kept| kept.open = false);
                break;
            };
            let at = |kept: &&mut Kept| kept.open && kept.route.entry == Entry::Address(*address);
            let mut closed = 0;
            for kept in pages.kept.iter_mut().filter(at) {
                kept.open = false;
                closed += 1;
                notes.push(format!("the route `{}` waits: {source}", kept.route));
            }
            if closed == 0 {
                notes.push(error.to_string());
                pages.kept.iter_mut().for_each(|kept| kept.open = false);
            }
        }
        let book = Self { doors, events, file, pages: Mutex::default(), shown: Mutex::default() };
        book.show(&pages);
        *book.pages() = pages;
        (book, notes)
    }

    /// Every route.
    pub(crate) fn list(&self) -> Arc<Vec<RouteEntry>> {
        Arc::clone(&self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a route of a person, and says whether it is new. Blocks.
    pub(crate) fn add(&self, route: &Route) -> Result<(RouteEntry, bool), Refusal> {
        let port = self.doors.port();
        self.check(route)?;
        let mut pages = self.pages();
        if let Some((known, service)) = pages.find(&route.entry) {
            return match known == route && service.is_none() {
                true => Ok((RouteEntry::new(route, port, None), false)),
                false => {
                    Err(Refusal::Taken { from: known.entry.to_string(), to: known.upstream.to_string() })
                }
            };
        }
        if pages.kept.len() >= MOST {
            return Err(Refusal::TooMany);
        }
        let mut next = pages.clone();
        // One that waits for its address is replaced by what is said now.
        next.kept.retain(|kept| kept.route.entry != route.entry);
        next.kept.push(Kept { route: route.clone(), open: true });
        let opened = self.turn(&mut pages, next)?;
        let entry = RouteEntry::new(opened.get(pages.open() - 1).unwrap_or(route), port, None);
        self.events.tell(Happened::Route { change: Change::Added, route: entry.clone() });
        Ok((entry, true))
    }

    /// Removes a route of a person. Blocks.
    pub(crate) fn remove(&self, from: &Entry) -> Result<RouteEntry, Refusal> {
        let mut pages = self.pages();
        let Some(at) = pages.kept.iter().position(|kept| kept.route.entry == *from) else {
            return Err(match pages.find(from) {
                Some((_, service)) => {
                    Refusal::OfService { from: from.to_string(), service: service.unwrap_or_default() }
                }
                None => Refusal::Unknown(from.to_string()),
            });
        };
        let mut next = pages.clone();
        let removed = next.kept.remove(at);
        self.turn(&mut pages, next)?;
        let entry = RouteEntry::new(&removed.route, self.doors.port(), None);
        self.events.tell(Happened::Route { change: Change::Gone, route: entry.clone() });
        Ok(entry)
    }

    /// Gives an owner these routes instead of those that it has; none ends its lease. Blocks.
    pub(crate) fn lease(&self, owner: &str, routes: Vec<Routed>) -> Result<(), Refusal> {
        let mut pages = self.pages();
        let mut next = pages.clone();
        next.leased.retain(|lease| lease.owner != owner);
        for routed in &routes {
            self.check(&routed.route)?;
            if let Some((known, _)) = next.find(&routed.route.entry) {
                return Err(Refusal::Taken { from: known.entry.to_string(), to: known.upstream.to_string() });
            }
        }
        if !routes.is_empty() {
            next.leased.push(Lease { owner: owner.to_owned(), routes });
        }
        let before = self.list();
        self.turn(&mut pages, next)?;
        let after = self.list();
        let tell = |change, one: &[RouteEntry], other: &[RouteEntry]| {
            for route in one.iter().filter(|route| !other.contains(route)) {
                self.events.tell(Happened::Route { change, route: route.clone() });
            }
        };
        tell(Change::Gone, &before, &after);
        tell(Change::Added, &after, &before);
        Ok(())
    }

    /// What no gateway would refuse, and nobody can want.
    fn check(&self, route: &Route) -> Result<(), Refusal> {
        let listen = self.doors.listen();
        let own = match &route.entry {
            Entry::Address(address) => listen.contains(address),
            Entry::Name(name) => is_own_host(&name.host, listen),
        };
        if own {
            return Err(Refusal::Own(route.entry.to_string()));
        }
        if route.upstream.addresses().any(|address| listen.contains(&address)) {
            return Err(Refusal::Loop(route.upstream.to_string()));
        }
        Ok(())
    }

    /// Makes `next` what is: in the gateway, then on the disk.
    fn turn(&self, pages: &mut Pages, mut next: Pages) -> Result<Vec<Route>, Refusal> {
        let opened = self.doors.change(next.wanted())?;
        next.settle(&opened);
        if next.texts() != pages.texts() {
            let routes: Vec<Route> = next.kept.iter().map(|kept| kept.route.clone()).collect();
            if let Err(error) = kept::write(&self.file, &routes) {
                // What was there before can be had again: its addresses were ours until now.
                let _ = self.doors.change(pages.wanted());
                return Err(Refusal::Disk(error));
            }
        }
        self.show(&next);
        *pages = next;
        Ok(opened)
    }

    fn show(&self, pages: &Pages) {
        let port = self.doors.port();
        let kept = pages.kept.iter();
        let kept =
            kept.map(|kept| RouteEntry { open: kept.open, ..RouteEntry::new(&kept.route, port, None) });
        let leased =
            pages.leased.iter().flat_map(|lease| &lease.routes).map(|Routed { route, service, .. }| {
                let service = service.as_ref().map(|service| service.borrow().id.clone());
                RouteEntry { kept_by: Keeper::Service, ..RouteEntry::new(route, port, service) }
            });
        let entries = kept.chain(leased).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(entries);
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    /// What the gateway should have: people's routes first.
    fn wanted(&self) -> Vec<Routed> {
        let kept = self.kept.iter().filter(|kept| kept.open);
        let kept = kept.map(|kept| Routed::from(kept.route.clone()));
        kept.chain(self.leased.iter().flat_map(|lease| lease.routes.iter().cloned())).collect()
    }

    /// How many routes of people are open.
    fn open(&self) -> usize {
        self.kept.iter().filter(|kept| kept.open).count()
    }

    /// Takes over the ports that the system chose, so that they are the same after the next start.
    fn settle(&mut self, opened: &[Route]) {
        for (kept, opened) in self.kept.iter_mut().filter(|kept| kept.open).zip(opened) {
            kept.route = opened.clone();
        }
    }

    /// The open route that begins there, and its service.
    fn find(&self, entry: &Entry) -> Option<(&Route, Option<String>)> {
        let kept = self.kept.iter().filter(|kept| kept.open).map(|kept| (&kept.route, None));
        let leased = self
            .leased
            .iter()
            .flat_map(|lease| lease.routes.iter().map(|routed| (&routed.route, Some(lease.owner.clone()))));
        kept.chain(leased).find(|(route, _)| route.entry == *entry)
    }

    fn texts(&self) -> Vec<String> {
        self.kept.iter().map(|kept| kept.route.to_string()).collect()
    }
}

impl From<DoorError> for Refusal {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Refused(StartError::Listen { address, source }) => {
                Self::Listen { address, cause: source.to_string() }
            }
            DoorError::Refused(StartError::Worker(error) | StartError::Handed(error)) => Self::Gateway(error),
            DoorError::Refused(StartError::Tls(error)) => Self::Gateway(io::Error::other(error)),
            DoorError::Closed => Self::Ending,
        }
    }
}

#[cfg(test)]
mod tests;

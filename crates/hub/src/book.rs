//! The routes of the hub: those that people keep, and those that services have as long as they run.
//!
//! Every change is one step: the gateway has it, then the disk, then whoever listens is told; what fails leaves
//! everything as it was. Changes block, so they run where blocking is allowed; reading never waits for them.

mod faults;
mod refusal;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use navyd_gateway::{Observe, Routed, StartError};
use navyd_model::{
    Change, Entry, Route,
    fault::Fault,
    hub::{Happened, Keeper, RouteEntry, is_own_host},
};

use crate::{
    doors::{DoorError, Doors},
    events::Events,
    kept::{self, Found},
};
pub(crate) use refusal::Holder;
pub use refusal::Refusal;

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
    /// What is laid on routes, in this order. It ends with the hub.
    faults: Vec<Fault>,
    /// What projects want on their routes, each with its owner. One that a person laid wins over one of its name.
    of_projects: Vec<(String, Fault)>,
}

/// A route of a person.
#[derive(Clone)]
struct Kept {
    route: Route,
    /// Whether what passes is recorded.
    capture: bool,
    /// Whether the gateway has it: at the start an address may be taken, and then the route waits for the next.
    open: bool,
}

/// Routes that go with their owner.
#[derive(Clone)]
struct Lease {
    owner: String,
    routes: Vec<Routed>,
}

/// A route that an owner wanted and does not have.
#[derive(Debug)]
pub(crate) struct Missed {
    pub(crate) entry: Entry,
    pub(crate) why: Refusal,
}

impl Book {
    /// Opens the routes that were kept. Those whose address is taken wait for the next start, and are named.
    pub(crate) fn open(
        doors: Arc<Doors>,
        events: Arc<Events>,
        file: PathBuf,
        found: Found,
    ) -> (Self, Vec<String>) {
        let kept = |route: Route| {
            let capture = !found.unrecorded.contains(&route.entry.to_string());
            Kept { route, capture, open: true }
        };
        let kept = found.routes.into_iter().map(kept).collect();
        let mut pages = Pages { kept, ..Pages::default() };
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

    /// Adds a route of a person, recorded or not, and says whether it is new. Blocks.
    pub(crate) fn add(&self, route: &Route, capture: bool) -> Result<(RouteEntry, bool), Refusal> {
        let port = self.doors.port();
        self.check(route)?;
        let mut pages = self.pages();
        let mut next = pages.clone();
        if let Some((known, holder)) = pages.find(&route.entry) {
            if known != route || holder != Holder::Person {
                return Err(Refusal::taken(known, holder));
            }
            let entry =
                RouteEntry { capture: is_recorded(route, capture), ..RouteEntry::new(route, port, None) };
            let other = |kept: &&mut Kept| kept.route == *route && kept.capture != capture;
            if let Some(kept) = next.kept.iter_mut().find(other) {
                kept.capture = capture;
                self.turn(&mut pages, next)?;
            }
            return Ok((entry, false));
        }
        if pages.kept.len() >= MOST {
            return Err(Refusal::TooMany);
        }
        // One that waits for its address is replaced by what is said now.
        next.kept.retain(|kept| kept.route.entry != route.entry);
        next.kept.push(Kept { route: route.clone(), capture, open: true });
        let opened = self.turn(&mut pages, next)?;
        let opened = opened.get(pages.open() - 1).unwrap_or(route);
        let entry =
            RouteEntry { capture: is_recorded(opened, capture), ..RouteEntry::new(opened, port, None) };
        self.events.tell(Happened::Route { change: Change::Added, route: entry.clone() });
        Ok((entry, true))
    }

    /// Removes a route of a person. Blocks.
    pub(crate) fn remove(&self, from: &Entry) -> Result<RouteEntry, Refusal> {
        let mut pages = self.pages();
        let Some(at) = pages.kept.iter().position(|kept| kept.route.entry == *from) else {
            return Err(match pages.find(from) {
                Some((_, holder)) => Refusal::NotYours { from: from.to_string(), holder },
                None => Refusal::Unknown(from.to_string()),
            });
        };
        let mut next = pages.clone();
        let removed = next.kept.remove(at);
        self.turn(&mut pages, next)?;
        let capture = is_recorded(&removed.route, removed.capture);
        let entry = RouteEntry { capture, ..RouteEntry::new(&removed.route, self.doors.port(), None) };
        self.events.tell(Happened::Route { change: Change::Gone, route: entry.clone() });
        Ok(entry)
    }

    /// Gives an owner these routes instead of those that it has, each for itself; none ends its lease. Those that it
    /// cannot have are returned. Blocks.
    pub(crate) fn lease(&self, owner: &str, routes: Vec<Routed>) -> Result<Vec<Missed>, Refusal> {
        let mut pages = self.pages();
        let mut others = pages.clone();
        others.leased.retain(|lease| lease.owner != owner);
        let (mut wanted, mut missed): (Vec<Routed>, Vec<Missed>) = (Vec::new(), Vec::new());
        for routed in routes {
            let entry = &routed.route.entry;
            if wanted.iter().any(|known| known.route.entry == *entry) {
                continue;
            }
            match self.check(&routed.route).err().or_else(|| others.refusal(entry)) {
                Some(why) => missed.push(Missed { entry: entry.clone(), why }),
                None => wanted.push(routed),
            }
        }
        let before = self.list();
        // Each turn gives up at least one route, so it ends.
        loop {
            let mut next = others.clone();
            if !wanted.is_empty() {
                next.leased.push(Lease { owner: owner.to_owned(), routes: wanted.clone() });
            }
            let why = match self.turn(&mut pages, next) {
                Ok(_) => break,
                Err(why) => why,
            };
            let at = |routed: &Routed| matches!(&why, Refusal::Listen { address, .. } if routed.route.entry == Entry::Address(*address));
            let Some(at) = wanted.iter().position(at) else { return Err(why) };
            missed.push(Missed { entry: wanted.remove(at).route.entry, why });
        }
        let after = self.list();
        let tell = |change, one: &[RouteEntry], other: &[RouteEntry]| {
            for route in one.iter().filter(|route| !other.contains(route)) {
                self.events.tell(Happened::Route { change, route: route.clone() });
            }
        };
        tell(Change::Gone, &before, &after);
        tell(Change::Added, &after, &before);
        Ok(missed)
    }

    /// The routes that an owner has, with the ports that the system chose.
    pub(crate) fn of(&self, owner: &str) -> Vec<Route> {
        let pages = self.pages();
        let leases = pages.leased.iter().filter(|lease| lease.owner == owner);
        leases.flat_map(|lease| &lease.routes).map(|routed| routed.route.clone()).collect()
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
            let unrecorded = next.kept.iter().filter(|kept| !kept.capture);
            let unrecorded: Vec<String> = unrecorded.map(|kept| kept.route.entry.to_string()).collect();
            if let Err(error) = kept::write(&self.file, &routes, &unrecorded) {
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
        let kept = kept.map(|Kept { route, capture, open }| {
            let capture = is_recorded(route, *capture);
            RouteEntry { open: *open, capture, ..RouteEntry::new(route, port, None) }
        });
        let leased = pages.leased.iter().flat_map(|lease| &lease.routes).map(
            |Routed { route, service, observe, .. }| {
                let service = service.as_ref().map(|service| service.borrow().id.clone());
                let capture = *observe == Observe::All;
                RouteEntry { kept_by: Keeper::Service, capture, ..RouteEntry::new(route, port, service) }
            },
        );
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
        let kept = kept.map(|kept| recorded(kept.route.clone(), kept.capture));
        let all = kept.chain(self.leased.iter().flat_map(|lease| lease.routes.iter().cloned()));
        let laid = faults::all(&self.of_projects, &self.faults);
        let shaped = |routed: Routed| {
            let faults = faults::of(&laid, &routed.route.entry);
            Routed { faults, ..routed }
        };
        all.map(shaped).collect()
    }

    /// How many routes of people are open.
    fn open(&self) -> usize {
        self.kept.iter().filter(|kept| kept.open).count()
    }

    /// Takes over the ports that the system chose, so that they are the same after the next start.
    fn settle(&mut self, opened: &[Route]) {
        let kept = self.kept.iter_mut().filter(|kept| kept.open).map(|kept| &mut kept.route);
        let leased =
            self.leased.iter_mut().flat_map(|lease| &mut lease.routes).map(|routed| &mut routed.route);
        for (route, opened) in kept.chain(leased).zip(opened) {
            *route = opened.clone();
        }
    }

    /// The open route that begins there, and who has it.
    fn find(&self, entry: &Entry) -> Option<(&Route, Holder)> {
        let kept = self.kept.iter().filter(|kept| kept.open).map(|kept| &kept.route);
        if let Some(route) = kept.into_iter().find(|route| route.entry == *entry) {
            return Some((route, Holder::Person));
        }
        let leased =
            self.leased.iter().flat_map(|lease| lease.routes.iter().map(move |routed| (lease, routed)));
        let (lease, routed) = leased.into_iter().find(|(_, routed)| routed.route.entry == *entry)?;
        let holder = match &routed.service {
            Some(service) => Holder::Service(service.borrow().id.clone()),
            None => Holder::Project(lease.owner.clone()),
        };
        Some((&routed.route, holder))
    }

    /// Why no other route may begin there.
    fn refusal(&self, entry: &Entry) -> Option<Refusal> {
        self.find(entry).map(|(route, holder)| Refusal::taken(route, holder))
    }

    fn texts(&self) -> Vec<String> {
        let text = |kept: &Kept| format!("{} {}", kept.route, kept.capture);
        self.kept.iter().map(text).collect()
    }
}

/// A route for the gateway, recorded where that is wanted.
pub(crate) fn recorded(route: Route, capture: bool) -> Routed {
    let observe = if is_recorded(&route, capture) { Observe::All } else { Observe::Not };
    Routed { observe, ..Routed::from(route) }
}

/// Only HTTP is recorded unasked: of all else the kernel moves the bytes, as long as nobody looks at them.
fn is_recorded(route: &Route, capture: bool) -> bool {
    capture && route.upstream.scheme.is_http()
}

#[cfg(test)]
mod tests;

//! What a running hub is: everything that the API, the pages and the supervisor share.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use jiff::Timestamp;
use navyd_gateway::tls::Certificates;
use navyd_model::{Service, hub::Hub};
use tokio::sync::watch;

use crate::{
    bell::Bell, book::Book, capture::Capture, doors::Doors, events::Events, guard::Tokens, log::Log,
    places::Places, project::Projects, runs::Runs, seen::Seen, trust::Life,
};

/// A running hub.
pub(crate) struct House {
    /// When it started.
    pub(crate) started: Timestamp,
    /// The same, on a clock that nobody sets.
    pub(crate) since: Instant,
    /// Where its files are.
    pub(crate) places: Places,
    /// How many cores move bytes.
    pub(crate) workers: usize,
    /// What a person should know.
    pub(crate) notes: Vec<String>,
    /// The gateway.
    pub(crate) doors: Arc<Doors>,
    /// The certificates that it shows, where names are served with TLS.
    pub(crate) tls: Option<Arc<Certificates>>,
    /// What passes is kept there, where that can be.
    pub(crate) capture: Option<Capture>,
    /// The routes.
    pub(crate) book: Book,
    /// The projects, and the services that they run.
    pub(crate) projects: Projects,
    /// The commands in terminals that have names.
    pub(crate) runs: Runs,
    /// What happens.
    pub(crate) events: Arc<Events>,
    /// The listeners of this machine.
    pub(crate) seen: Seen,
    /// Rung to end it.
    pub(crate) bell: Bell,
    /// Becomes true when it ends: then streams that would never end do.
    pub(crate) ending: watch::Sender<bool>,
    /// Becomes true when its services have ended as well: then nobody says anything any more.
    pub(crate) ended: watch::Sender<bool>,
    /// Where it says what happens.
    pub(crate) log: Log,
    tokens: Mutex<Tokens>,
}

/// What a house is made of.
pub(crate) struct Parts {
    pub(crate) places: Places,
    pub(crate) workers: usize,
    pub(crate) notes: Vec<String>,
    pub(crate) doors: Arc<Doors>,
    pub(crate) tls: Option<Arc<Certificates>>,
    pub(crate) capture: Option<Capture>,
    pub(crate) book: Book,
    pub(crate) projects: Projects,
    pub(crate) events: Arc<Events>,
    pub(crate) bell: Bell,
    pub(crate) log: Log,
}

impl House {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { places, workers, notes, doors, tls, capture, book, projects, events, bell, log } = parts;
        Self {
            started: Timestamp::now(),
            since: Instant::now(),
            places,
            workers,
            notes,
            doors,
            tls,
            capture,
            book,
            projects,
            runs: Runs::default(),
            events,
            seen: Seen::default(),
            bell,
            ending: watch::Sender::new(false),
            ended: watch::Sender::new(false),
            log,
            tokens: Mutex::default(),
        }
    }

    /// As it stands now.
    pub(crate) fn status(&self) -> Hub {
        self.status_at(Timestamp::now())
    }

    fn status_at(&self, now: Timestamp) -> Hub {
        // What was true when it started, and what has become true meanwhile.
        let ends = self.tls.as_ref().and_then(|tls| warning(tls, now));
        Hub {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.started,
            listen: self.doors.listen().to_vec(),
            socket: self.places.socket().to_string_lossy().into_owned(),
            workers: self.workers,
            routes: self.book.list().len(),
            services: self.all_services().len(),
            capture: self.capture.as_ref().map(Capture::status),
            notes: self.notes.iter().cloned().chain(ends).collect(),
            ending: *self.ending.borrow(),
        }
    }

    /// Every service, and every command in a terminal.
    pub(crate) fn all_services(&self) -> Vec<Service> {
        let mut all = self.projects.supervisor.services();
        all.extend(self.runs.services());
        all
    }

    /// Links and sessions. Never held across an await.
    pub(crate) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be said of the authority that signs.
pub(crate) fn warning(tls: &Certificates, now: Timestamp) -> Option<String> {
    let expires = tls.signer().expires();
    Life::at(now, expires).warning(expires)
}

#[cfg(test)]
impl House {
    /// A hub whose files are there, and that listens on a port of the system's choice.
    pub(crate) async fn of_test(scratch: &crate::scratch::Scratch) -> Arc<Self> {
        let folder = || scratch.path().to_owned();
        let places = Places { runtime: folder(), state: folder(), data: folder(), config: folder() };
        let any = vec!["127.0.0.1:0".parse().unwrap()];
        let doors = Arc::new(Doors::open(any, Vec::new(), 1, places.socket(), None, None).unwrap());
        let events = Arc::new(Events::new());
        let file = scratch.path().join("routes.json");
        let (book, _) =
            Book::open(Arc::clone(&doors), Arc::clone(&events), file, crate::kept::Found::default());
        let state = scratch.path().join("state");
        let supervisor = crate::supervisor::Supervisor::start(&state, "navyd".into()).await.unwrap();
        let (bell, log) = (Bell::new(), Log::to(|_| {}));
        let (workers, notes, projects) = (1, Vec::new(), Projects::new(supervisor));
        Arc::new(Self::new(Parts {
            places,
            workers,
            notes,
            doors,
            tls: None,
            capture: None,
            book,
            projects,
            events,
            bell,
            log,
        }))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use navyd_gateway::tls::Authority;

    use super::*;
    use crate::scratch::Scratch;

    #[tokio::test]
    async fn its_status_tells_that_the_authority_ends() {
        let scratch = Scratch::new();
        let authority = Authority::create(Timestamp::now()).unwrap();
        let expires = authority.expires();
        let house = Arc::into_inner(House::of_test(&scratch).await).unwrap();
        let tls = Some(Arc::new(Certificates::new(authority, Timestamp::now)));
        let house = House { tls, notes: vec!["one".to_owned()], ..house };
        let said = |before: i64| house.status_at(expires - SignedDuration::from_hours(before * 24)).notes;
        assert_eq!(said(31), ["one"]);
        assert!(matches!(&said(30)[..], [_, ends] if ends.contains("ends on")), "{:?}", said(30));
        assert!(matches!(&said(-1)[..], [_, ends] if ends.contains("expired on")), "{:?}", said(-1));
        // Whoever installs the next has it signed with at once.
        house.tls.as_ref().unwrap().sign_with(Authority::create(expires).unwrap());
        assert_eq!(said(-1), ["one"]);
    }
}

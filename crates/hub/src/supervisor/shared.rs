//! What all keepers share: the looker, the ports, and each other's standing.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use navyd_model::Service;
use tokio::sync::{broadcast, watch};

use super::{looker::Looker, order::Standing, ports::Ports};

/// How many changes somebody who watches all services may stay behind.
const BEHIND: usize = 1_024;

/// What all keepers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) looker: Arc<Looker>,
    pub(super) ports: Ports,
    /// Navyd itself, for the services that take over a socket.
    pub(super) navyd: PathBuf,
    /// Rung whenever a service changes.
    pub(super) bell: watch::Sender<()>,
    changes: broadcast::Sender<Service>,
    known: Mutex<Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    project: PathBuf,
    name: String,
    standing: watch::Receiver<Standing>,
}

impl Shared {
    pub(super) fn new(looker: Looker, ports: Ports, navyd: PathBuf) -> Self {
        Self {
            looker: Arc::new(looker),
            ports,
            navyd,
            bell: watch::Sender::new(()),
            changes: broadcast::Sender::new(BEHIND),
            known: Mutex::default(),
        }
    }

    /// Makes the standing of a service known to the others.
    pub(super) fn introduce(&self, project: &Path, name: &str, standing: watch::Receiver<Standing>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push(Known { project: project.to_owned(), name: name.to_owned(), standing });
    }

    /// Forgets a service.
    pub(super) fn forget(&self, project: &Path, name: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| known.project != project || known.name != name);
    }

    /// How another service of a project stands.
    pub(super) fn standing(&self, project: &Path, name: &str) -> Option<watch::Receiver<Standing>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|known| known.project == project && known.name == name);
        found.map(|known| known.standing.clone())
    }

    /// Tells everybody that a service has changed.
    pub(super) fn changed(&self, service: &Service) {
        self.bell.send_replace(());
        // Nobody watches most of the time.
        let _ = self.changes.send(service.clone());
    }

    /// Every change from now on.
    pub(super) fn changes(&self) -> broadcast::Receiver<Service> {
        self.changes.subscribe()
    }
}

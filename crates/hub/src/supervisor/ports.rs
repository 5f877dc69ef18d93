//! The ports of services: the same for the same service every time, and nobody else's until it listens there.
//!
//! Two services that would have the same port are parted, and stay so: that choice is kept on disk. Deliberately
//! absent: the socket table, which tells where a service really listens.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use navyd_host::port::{Rules, is_free_for_server};
use navyd_model::ports::stable_candidates;

use crate::os::files;

/// Which port belongs to which service.
#[derive(Debug)]
pub(super) struct Ports {
    rules: Rules,
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Those in use now, by the service's id.
    used: HashMap<u16, String>,
    /// Choices that a service's names alone do not tell.
    parted: BTreeMap<String, u16>,
}

/// What a service is called, for its port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called<'a> {
    pub(super) id: &'a str,
    pub(super) project: &'a str,
    pub(super) service: &'a str,
    pub(super) branch: Option<&'a str>,
}

impl Ports {
    /// With the choices of a file, which is read now and written when there is a new one.
    pub(super) fn with(file: PathBuf, rules: Rules) -> Self {
        let kept = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let state = State { parted: kept.unwrap_or_default(), ..State::default() };
        Self { rules, file, state: Mutex::new(state) }
    }

    /// The port of a service, from now on in use by it. It binds sockets: it may block shortly.
    ///
    /// # Errors
    /// When every port is in use, or the choice cannot be kept.
    pub(super) fn choose(&self, called: Called<'_>) -> io::Result<u16> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let of_others = |state: &State, port: u16| {
            state.used.get(&port).is_some_and(|id| id != called.id)
                || state.parted.iter().any(|(id, parted)| *parted == port && id != called.id)
        };
        let kept = state.parted.get(called.id).copied();
        let stable = stable_candidates(called.project, called.service, called.branch);
        let allowed = stable.filter(|port| self.rules.objection(*port).is_none());
        let mut parted = false;
        for port in kept.into_iter().chain(allowed) {
            if of_others(&state, port) {
                parted = true;
            } else if state.used.contains_key(&port) || is_free_for_server(port) {
                state.used.retain(|_, id| id != called.id);
                state.used.insert(port, called.id.to_owned());
                // A stranger that has the port today may be gone tomorrow: only siblings are parted for good.
                if parted && kept != Some(port) {
                    state.parted.insert(called.id.to_owned(), port);
                    let kept = serde_json::to_vec_pretty(&state.parted)?;
                    files::write_locked(&self.file, &kept)?;
                }
                return Ok(port);
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "every port of services is in use"))
    }

    /// Takes a port that was asked for by its number.
    pub(super) fn claim(&self, id: &str, port: u16) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.used.retain(|_, other| other != id);
        state.used.insert(port, id.to_owned());
    }

    /// Gives back what a service has in use.
    pub(super) fn release(&self, id: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.used.retain(|_, other| other != id);
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, net::TcpListener};

    use super::*;
    use crate::scratch::Scratch;

    fn called(id: &str) -> Called<'_> {
        Called { id, project: "navyd-ports-test", service: id, branch: None }
    }

    fn ports(scratch: &Scratch) -> Ports {
        Ports::with(scratch.path().join("ports.json"), Rules::here())
    }

    #[test]
    fn many_services_have_different_ports_and_the_same_every_time() {
        let scratch = Scratch::new();
        // Among 400 services of 10,000 ports some two would share one.
        let ids: Vec<String> = (0..400).map(|number| format!("service-{number}")).collect();
        let choose = |order: &mut dyn Iterator<Item = &String>| -> BTreeMap<String, u16> {
            let ports = ports(&scratch);
            order.map(|id| (id.clone(), ports.choose(called(id)).unwrap())).collect()
        };
        let first = choose(&mut ids.iter());
        assert_eq!(first.values().collect::<HashSet<_>>().len(), 400);
        assert!(scratch.path().join("ports.json").exists(), "some two were parted");
        assert_eq!(choose(&mut ids.iter().rev()), first);
    }

    #[test]
    fn a_stranger_is_evaded_for_today_only() {
        let scratch = Scratch::new();
        let port = ports(&scratch).choose(called("evades")).unwrap();
        let stranger = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert_ne!(ports(&scratch).choose(called("evades")).unwrap(), port);
        drop(stranger);
        assert_eq!(ports(&scratch).choose(called("evades")).unwrap(), port);
    }
}

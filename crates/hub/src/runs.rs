//! Runs: commands in terminals, whose names live as long as the connection of whoever watches them.
//!
//! A lease is the value that owns the names: they go with it, however the connection ends. Until a run listens,
//! its routes lead to the port it was told, and requests wait. Whoever watches a run is asked to end it. Deliberately
//! absent: starting and ending commands, which are their terminals'.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use navyd_gateway::Routed;
use navyd_model::{
    Entry, Phase, Route, Scheme, Service, Upstream,
    hub::origin,
    run::{Bound, NewRun, Run},
    target::Host,
};
use tokio::{sync::watch, time::timeout};

use crate::book::{Book, Refusal, recorded};

/// How many hosts one run may want. `navyd run` wants two.
const MOST_HOSTS: usize = 16;

/// Every run.
#[derive(Default)]
pub(crate) struct Runs {
    last: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Held>>>,
}

/// What a run has.
struct Held {
    owner: String,
    hosts: Vec<String>,
    /// Whether what passes is recorded.
    capture: bool,
    service: watch::Sender<Service>,
    /// How often it was asked to end.
    asked: watch::Sender<u32>,
    /// Whether it has ended.
    ended: watch::Sender<bool>,
    /// Where its routes lead. Locked while they change, so that a change and the end do not meet.
    led: Mutex<SocketAddr>,
}

/// The names of a run, until it is dropped.
pub(crate) struct Lease<F: FnOnce(u64)> {
    /// What was granted.
    pub(crate) run: Run,
    end: Option<F>,
}

/// Why a run has no names.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// All its hosts are others'.
    #[error("`{host}` leads elsewhere already")]
    Taken {
        /// The host that it wanted most.
        host: String,
    },
    /// It wants none, too many, or something that is no host.
    #[error("`{0}` is no host of a run")]
    Host(String),
    /// It is not there any more.
    #[error("`{0}` is no run")]
    Unknown(u64),
    /// The address is not on this machine.
    #[error("`{0}` is no loopback address")]
    Address(SocketAddr),
    /// The routes are refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Runs {
    /// Gives a run the hosts that nobody else has. Blocks.
    pub(crate) fn open(&self, book: &Book, port: u16, new: NewRun) -> Result<Run, RunError> {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (free, taken) = sorted(&new.hosts, |entry| book.list().iter().any(|route| route.from == entry))?;
        let Some(first) = free.first() else {
            return Err(RunError::Taken { host: new.hosts.into_iter().next().unwrap_or_default() });
        };
        let run = Run { run: number, url: origin(first, port), hosts: free.clone(), taken };
        let led = SocketAddr::from(([127, 0, 0, 1], new.port));
        let owner = format!("{} (run {number})", new.id);
        let held = Held {
            owner,
            hosts: free,
            capture: new.capture,
            service: watch::Sender::new(service(new)),
            asked: watch::Sender::new(0),
            ended: watch::Sender::new(false),
            led: Mutex::new(led),
        };
        let missed = book.lease(&held.owner, held.routes(led))?;
        // Another took it just now: all or none, so that what was granted is what there is.
        if let Some(missed) = missed.first() {
            book.lease(&held.owner, Vec::new())?;
            return Err(RunError::Taken { host: missed.entry.to_string() });
        }
        self.held().insert(number, Arc::new(held));
        Ok(run)
    }

    /// Leads the routes of a run to where it listens. Blocks.
    pub(crate) fn bind(&self, book: &Book, number: u64, bound: Bound) -> Result<(), RunError> {
        let held = self.held().get(&number).cloned().ok_or(RunError::Unknown(number))?;
        let mut led = held.led.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.held().contains_key(&number) {
            return Err(RunError::Unknown(number));
        }
        let Some(address) = bound.address else {
            // One that never listened is still starting.
            if held.service.borrow().phase == Phase::Ready {
                held.service.send_modify(|service| turn(service, Phase::Restarting, Vec::new()));
            }
            return Ok(());
        };
        if !address.ip().is_loopback() || address.port() == 0 {
            return Err(RunError::Address(address));
        }
        if *led != address {
            book.lease(&held.owner, held.routes(address))?;
            *led = address;
        }
        // Requests that wait are let go only now, so that they go to the right place.
        held.service.send_modify(|service| turn(service, Phase::Ready, vec![address]));
        Ok(())
    }

    /// Hears whenever a run is asked to end.
    pub(crate) fn asked(&self, number: u64) -> Option<watch::Receiver<u32>> {
        self.held().get(&number).map(|held| held.asked.subscribe())
    }

    /// The run that has this id.
    pub(crate) fn find(&self, id: &str) -> Option<Service> {
        self.of(id).map(|held| held.service.borrow().clone())
    }

    /// Asks whoever watches the run with this id to end it, and waits for that, at most so long; how it stands then.
    pub(crate) async fn stop(&self, id: &str, patience: Duration) -> Option<Service> {
        let held = self.of(id)?;
        held.service.send_modify(|service| turn(service, Phase::Stopping, service.listens.clone()));
        held.asked.send_modify(|asked| *asked += 1);
        let mut ended = held.ended.subscribe();
        let has_ended = timeout(patience, ended.wait_for(|ended| *ended)).await.is_ok();
        if has_ended {
            held.service.send_modify(|service| {
                turn(service, Phase::Stopped, Vec::new());
                service.pid = None;
            });
        }
        let service = held.service.borrow().clone();
        Some(service)
    }

    /// Takes the names of a run away. Blocks.
    pub(crate) fn close(&self, book: &Book, number: u64) {
        let Some(held) = self.held().remove(&number) else { return };
        let _led = held.led.lock().unwrap_or_else(PoisonError::into_inner);
        // The only refusal left is that of a hub that ends, with which all routes go.
        let _ = book.lease(&held.owner, Vec::new());
        held.ended.send_replace(true);
    }

    /// Every run as a service.
    pub(crate) fn services(&self) -> Vec<Service> {
        let open = self.held();
        let mut all: Vec<_> =
            open.iter().map(|(number, held)| (*number, held.service.borrow().clone())).collect();
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, service)| service).collect()
    }

    fn of(&self, id: &str) -> Option<Arc<Held>> {
        self.held().values().find(|held| held.service.borrow().id == id).cloned()
    }

    /// Never locked while anything waits.
    fn held(&self) -> MutexGuard<'_, HashMap<u64, Arc<Held>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn routes(&self, to: SocketAddr) -> Vec<Routed> {
        let upstream = Upstream { scheme: Scheme::Http, host: Host::Address(to.ip()), port: to.port() };
        let entry = |host: &String| host.parse::<Entry>().ok();
        let routed = |entry| {
            let route = Route { entry, upstream: upstream.clone() };
            Routed { service: Some(self.service.subscribe()), ..recorded(route, self.capture) }
        };
        self.hosts.iter().filter_map(entry).map(routed).collect()
    }
}

impl<F: FnOnce(u64)> Lease<F> {
    /// `end` is called with the run's number when the lease is dropped.
    pub(crate) fn new(run: Run, end: F) -> Self {
        Self { run, end: Some(end) }
    }
}

impl<F: FnOnce(u64)> Drop for Lease<F> {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end(self.run.run);
        }
    }
}

/// The hosts that are free, and those that are taken. Pure.
fn sorted(hosts: &[String], is_taken: impl Fn(&str) -> bool) -> Result<(Vec<String>, Vec<String>), RunError> {
    if hosts.is_empty() || hosts.len() > MOST_HOSTS {
        return Err(RunError::Host(format!("{} hosts", hosts.len())));
    }
    let mut sorted = (Vec::new(), Vec::new());
    for host in hosts {
        let entry = match host.parse::<Entry>() {
            Ok(entry @ Entry::Name(_)) if entry.to_string() == *host && !host.contains(['/', '*']) => entry,
            _ => {
                return Err(RunError::Host(
                    navyd_model::text::text(host.as_bytes()).0.escape_debug().to_string(),
                ));
            }
        };
        if sorted.0.contains(host) {
            continue;
        }
        if is_taken(&entry.to_string()) { sorted.1.push(host.clone()) } else { sorted.0.push(host.clone()) }
    }
    Ok(sorted)
}

fn service(new: NewRun) -> Service {
    Service {
        project: new.project,
        branch: new.branch,
        command: new.command,
        pid: Some(new.pid),
        port: Some(new.port),
        run_by: navyd_model::Runner::Terminal,
        ..Service::new(new.id, new.name, Phase::Starting, Timestamp::now())
    }
}

fn turn(service: &mut Service, phase: Phase, listens: Vec<SocketAddr>) {
    if service.phase != phase {
        service.since = Timestamp::now();
    }
    (service.phase, service.listens) = (phase, listens);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_sorted_and_judged() {
        let taken = |entry: &str| entry == "shop.localhost";
        let show = |hosts: &[&str]| {
            sorted(&hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>(), taken)
                .map(|(free, taken)| (free.join(" "), taken.join(" ")))
                .map_err(|error| error.to_string())
        };
        for (hosts, expected) in [
            (&["a.localhost"][..], Ok(("a.localhost", ""))),
            (&["shop.localhost", "a.localhost", "a.localhost"], Ok(("a.localhost", "shop.localhost"))),
            (&["shop.localhost"], Ok(("", "shop.localhost"))),
            (&[], Err("`0 hosts` is no host of a run")),
            (&["a b"], Err("`a b` is no host of a run")),
            (&["*.a.localhost"], Err("`*.a.localhost` is no host of a run")),
            (&["a.localhost/x"], Err("`a.localhost/x` is no host of a run")),
            (&["127.0.0.1:80"], Err("`127.0.0.1:80` is no host of a run")),
            (&["A.localhost"], Err("`A.localhost` is no host of a run")),
        ] {
            let expected = expected
                .map(|(free, taken): (&str, &str)| (free.to_owned(), taken.to_owned()))
                .map_err(str::to_owned);
            assert_eq!(show(hosts), expected, "{hosts:?}");
        }
    }

    #[test]
    fn a_lease_ends_when_it_is_dropped() {
        let ended = std::cell::Cell::new(0);
        let run = Run { run: 7, hosts: Vec::new(), url: String::new(), taken: Vec::new() };
        let lease = Lease::new(run, |number| ended.set(number));
        assert_eq!(ended.get(), 0);
        drop(lease);
        assert_eq!(ended.get(), 7);
    }
}

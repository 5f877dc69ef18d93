//! Which ports of an address answer, and whether the kernel agrees.
//!
//! A port scanner sees what a program sees; the kernel knows what listens. Where the two differ there is a
//! redirect, a firewall or a stuck program, and that is the finding. No byte is ever sent, and a listener that
//! would take a connection as an order is listed without being touched. Deliberately absent: raw packets, UDP,
//! and any guess of what an open port speaks, which is the probe's to ask.

mod compare;
mod knock;
mod ports;
mod sweep;

use std::{collections::BTreeMap, io, net::IpAddr, time::Duration};

use navyd_model::Listener;
use serde::{Deserialize, Serialize};

use self::{compare::covers, sweep::Sweep};
pub use self::{
    compare::{Difference, Differs, Named, Open},
    knock::Answer,
    ports::{PortsError, common, parse},
};
use crate::{
    kernel::{self, Query, States, Transport},
    listeners::{Scope, listeners, reaches},
    probe::{Hints, refusal},
};

/// What to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The address.
    pub address: IpAddr,
    /// Whether it is this machine's: then the answers are held against the kernel's list.
    pub own: bool,
    /// The ports.
    pub ports: Vec<u16>,
    /// How long a port may take to answer.
    pub timeout: Duration,
}

/// What one address answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// The open ports, in ascending order.
    pub open: Vec<Open>,
    /// Where the answers and the kernel's list disagree; empty for other machines.
    pub differs: Vec<Differs>,
    /// How many ports refused.
    pub closed: usize,
    /// How many ports answered nothing in time.
    pub silent: usize,
    /// How many ports could not be reached.
    pub unreachable: usize,
    /// What could not be seen.
    pub notes: Vec<String>,
}

/// Why a scan did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The kernel's list could not be read, and with it what must not be touched.
    #[error(transparent)]
    Kernel(#[from] kernel::Error),
    /// No socket could be made.
    #[error("no socket can be made: {0}")]
    Socket(#[from] io::Error),
}

/// Scans one address. `progress` is told from time to time how many of the ports are done.
///
/// # Errors
/// When no socket can be made, or when the kernel's list of an own address cannot be read.
pub fn scan(request: &Request, progress: &mut dyn FnMut(usize)) -> Result<Scan, ScanError> {
    if !request.own {
        let answers = request.sweep(&request.ports, progress)?;
        let open = compare::open(request.address, &answers, None, &BTreeMap::new());
        return Ok(request.count(Scan { open, ..Scan::default() }, &answers));
    }
    let scope = Scope { udp: false, namespaces: false, ..Scope::default() };
    let seen = listeners(&scope)?;
    let wanted = |port: &u16| request.ports.binary_search(port).is_ok();
    let mut known: BTreeMap<u16, Vec<&Listener>> = BTreeMap::new();
    for listener in seen.listeners.iter().filter(|listener| covers(listener, request.address)) {
        if let Some(port) = listener.port.filter(wanted) {
            known.entry(port).or_default().push(listener);
        }
    }
    let left_alone: BTreeMap<u16, String> =
        known.iter().filter_map(|(port, listeners)| Some((*port, reason(listeners)?))).collect();

    let asked: Vec<u16> =
        request.ports.iter().copied().filter(|port| !left_alone.contains_key(port)).collect();
    let mut answers = request.sweep(&asked, progress)?;
    let mut found =
        compare::differs(request.address, &answers, &known, |port| !left_alone.contains_key(&port));
    if !found.is_empty() {
        request.look_again(&found, &mut known, &mut answers)?;
        found = compare::differs(request.address, &answers, &known, |port| !left_alone.contains_key(&port));
    }
    let open = compare::open(request.address, &answers, Some(&known), &left_alone);
    Ok(request.count(Scan { open, differs: found, notes: seen.notes, ..Scan::default() }, &answers))
}

impl Request {
    fn sweep(&self, ports: &[u16], progress: &mut dyn FnMut(usize)) -> io::Result<BTreeMap<u16, Answer>> {
        let sweep = Sweep { address: self.address, own: self.own, ports, timeout: self.timeout };
        Ok(sweep.run(progress)?.into_iter().collect())
    }

    /// Programs come and go while a scan runs: the list is read again, and what still differs is asked again.
    /// A listener that is new on the list is not: it may be one that must not be touched.
    fn look_again(
        &self,
        doubtful: &[Differs],
        known: &mut BTreeMap<u16, Vec<&Listener>>,
        answers: &mut BTreeMap<u16, Answer>,
    ) -> Result<(), ScanError> {
        let now = kernel::sockets(&Query::new(Transport::Tcp, States::LISTEN))?.sockets;
        let mut again = Vec::new();
        for Differs { port, kind, .. } in doubtful {
            let reached = |socket: &kernel::Socket| {
                socket.local.port() == *port && reaches(socket.local.ip(), socket.v6only, self.address)
            };
            match (now.iter().any(reached), kind) {
                (true, Difference::OpenWithoutListener) => {
                    known.insert(*port, Vec::new());
                }
                (true, _) | (false, Difference::OpenWithoutListener) => again.push(*port),
                (false, _) => {
                    known.remove(port);
                    answers.remove(port);
                }
            }
        }
        answers.retain(|port, _| !again.contains(port));
        answers.extend(self.sweep(&again, &mut |_| {})?);
        Ok(())
    }

    fn count(&self, scan: Scan, answers: &BTreeMap<u16, Answer>) -> Scan {
        let count = |wanted: fn(&Answer) -> bool| answers.values().filter(|answer| wanted(answer)).count();
        let silent = count(|answer| *answer == Answer::Silent);
        let unreachable = count(|answer| matches!(answer, Answer::Unreachable(_)));
        Scan {
            closed: self.ports.len() - scan.open.len() - silent - unreachable,
            silent,
            unreachable,
            ..scan
        }
    }
}

/// Why the listeners of a port are left alone; `None` when they may be asked.
fn reason(listeners: &[&Listener]) -> Option<String> {
    listeners.iter().find_map(|listener| refusal(&Hints::of(listener)?))
}

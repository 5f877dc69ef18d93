//! Where the answers come from: this machine, read by this process.
//!
//! The one door between commands and the host, so that a command need not know who looked.

use std::{
    collections::HashSet,
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    process::Command,
};

use navyd_host::{
    audit, doctor, free,
    kernel::{self, Query, Socket, States},
    listeners, process, scan, why,
};
use navyd_model::{Audit, Connection, Diagnosis, Listener, Project, Target, Why, free::Freed};

pub(crate) use navyd_host::{
    audit::{
        Check, Credential, Facts, Plan as AuditPlan, Question as AuditQuestion, ask as ask_audit,
        plan as plan_audit,
    },
    doctor::{Authority, AuthoritySeen, HubSeen, OurHub, Outside, Traced, Trusted, Validity},
    free::{Manner, Plan, Wanted},
    kernel::{Transport, handed_over},
    listeners::{Scope, Seen, unnamed},
    port,
    probe::{Hints, Request, Step, When, ask_all, plan as plan_probes, refusal},
    process::{Member, Process, Signal, Writable},
    scan as scanning, wait,
};

use crate::out::Failure;

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Me {
    /// The user; `None` where users have no numbers.
    pub(crate) uid: Option<u32>,
    /// The root of the project of the working directory.
    pub(crate) project: Option<String>,
}

/// Every listener in scope, with what it speaks as far as its program tells.
pub(crate) fn listeners(scope: &Scope) -> Result<Seen, Failure> {
    listeners::listeners(scope).map_err(|error| unreadable(&error))
}

/// Every connection, or those with this port at this end.
pub(crate) fn connections(port: Option<u16>) -> Result<Vec<Connection>, Failure> {
    listeners::connections(port).map_err(|error| unreadable(&error))
}

/// Why a target can or cannot be bound and reached.
pub(crate) fn why(target: &Target) -> Result<Why, Failure> {
    why::why(target).map_err(|error| unreadable(&error))
}

/// What is to be seen of these listeners without asking them.
pub(crate) fn facts_of(listeners: Vec<Listener>) -> Facts {
    audit::gather(listeners)
}

/// What these facts say.
pub(crate) fn judge_audit(facts: Facts, wanted: impl Fn(&Check) -> bool) -> Audit {
    let findings = audit::judge(&facts, wanted);
    Audit { findings, listeners: facts.subjects.len(), unknown: facts.unknown, ..Audit::default() }
}

/// Every check that there is.
pub(crate) fn checks() -> impl Iterator<Item = &'static Check> {
    audit::checks()
}

/// What tells one socket from another: its cookie, its inode, and where it is bound.
pub(crate) type Mark = (Option<u64>, u64, Option<SocketAddr>);

/// The sockets of this network namespace that can receive, without a look at any process: what a watch can afford
/// to ask often.
pub(crate) fn marks() -> Result<HashSet<Mark>, Failure> {
    let mut marks = HashSet::new();
    for query in [Query::listeners(), Query::new(Transport::Udp, States::UNCONNECTED)] {
        let table = kernel::sockets(&query).map_err(|error| unreadable(&error))?;
        marks.extend(table.sockets.iter().map(|socket| (socket.cookie, socket.inode, Some(socket.local))));
    }
    // Where unix sockets are not told, those of the network are all there is to watch.
    let unix = kernel::unix_listeners().unwrap_or_default();
    marks.extend(unix.iter().map(|socket| (socket.cookie, socket.inode, None)));
    Ok(marks)
}

/// How this machine's localhost itself stands.
pub(crate) fn doctor(outside: Outside) -> Diagnosis {
    doctor::diagnose(outside)
}

/// Why a target can or cannot be bound and reached, and the rows that concern it.
pub(crate) fn doctor_of(target: &Target, outside: Outside) -> Result<(Why, Diagnosis), Failure> {
    let found = doctor::of(target, outside).map_err(|error| unreadable(&error))?;
    Ok((found.why, found.diagnosis))
}

/// Watches a connection to each place on its way through the packet filter.
pub(crate) fn trace(places: &[SocketAddr]) -> Result<Vec<Traced>, Failure> {
    doctor::trace(places).map_err(|error| {
        Failure::new("no connection can be watched")
            .cause(error.to_string())
            .hint("sudo navyd doctor --trace")
    })
}

/// The version of this machine's kernel, where it is told.
pub(crate) fn kernel_version() -> Option<String> {
    doctor::kernel_version().ok()
}

/// This machine's own name, where it is told.
pub(crate) fn host_name() -> Option<String> {
    doctor::host_name().ok()
}

/// The names in this machine's hosts file; none where it cannot be read.
pub(crate) fn hosts_names() -> Vec<String> {
    doctor::hosts_names()
}

/// What freeing a port would stop.
pub(crate) fn plan_free(wanted: Wanted) -> Result<Plan, Failure> {
    free::plan(wanted).map_err(|error| unreadable(&error))
}

/// Stops what the plan names.
pub(crate) fn free(plan: Plan, manner: Manner) -> Result<Freed, Failure> {
    free::carry_out(plan, manner).map_err(|error| unreadable(&error))
}

/// Whether an address is one of this machine.
pub(crate) fn is_own(address: IpAddr) -> Result<bool, Failure> {
    listeners::is_own(address).map_err(|error| {
        Failure::new("the `addresses of this machine` cannot be read").cause(error.to_string())
    })
}

/// Scans one address.
pub(crate) fn scan(
    request: &scan::Request,
    progress: &mut dyn FnMut(usize),
) -> Result<scan::Scan, scan::ScanError> {
    scan::scan(request, progress)
}

/// The project of the working directory.
pub(crate) fn project() -> Option<Project> {
    process::project::at(&std::env::current_dir().ok()?)
}

/// The default branch of the repository whose checkout has this root, where it is known.
pub(crate) fn default_branch(root: &Path) -> Option<String> {
    process::project::default_branch(root)
}

/// Every process, by its relatives.
pub(crate) fn members() -> Vec<Member> {
    process::census()
}

/// The TCP sockets that listen; with a port only those there, which is much cheaper.
pub(crate) fn listening(port: Option<u16>) -> Vec<Socket> {
    let query = Query { port, ..Query::new(Transport::Tcp, States::LISTEN) };
    // What cannot be read is not seen: then the port that was told is all that is known.
    kernel::sockets(&query).map_or_else(|_| Vec::new(), |table| table.sockets)
}

/// The sockets that these processes have open, by inode.
pub(crate) fn inodes(pids: &[u32]) -> HashSet<u64> {
    process::inodes(pids).into_iter().map(|(_, inode)| inode).collect()
}

/// Puts a program in the place of navyd; where that cannot be, runs it and returns its exit status.
pub(crate) fn become_program(command: &mut Command) -> io::Result<u8> {
    process::become_program(command)
}

/// The user and project of this process.
pub(crate) fn me() -> Me {
    Me { uid: process::own_user(), project: project().map(|project| project.root) }
}

/// The process that started this one, to be watched; `None` when that is the first of all, or cannot be watched here.
pub(crate) fn parent() -> Option<Process> {
    let parents = process::ancestors(std::process::id());
    Process::open(parents.first()?.pid).ok()
}

/// The addresses by which the networks at home and in offices reach this machine: those that are private (RFC 1918) or
/// unique local (RFC 4193). Bias: one that the whole Internet reaches is left out, whatever its network is.
pub(crate) fn lan() -> Result<Vec<IpAddr>, Failure> {
    let interfaces = kernel::interfaces().map_err(|error| {
        Failure::new("the `addresses of this machine` cannot be read").cause(error.to_string())
    })?;
    let up = interfaces.into_iter().filter(|interface| interface.up && !interface.loopback);
    let addresses = up.flat_map(|interface| interface.addresses);
    Ok(addresses
        .filter(|address| match address {
            IpAddr::V4(address) => address.is_private(),
            IpAddr::V6(address) => address.is_unique_local(),
        })
        .collect())
}

/// The project of a directory.
pub(crate) fn project_of(directory: &Path) -> Option<Project> {
    process::project::at(directory)
}

/// Whether anybody still reads what is answered.
pub(crate) fn is_read() -> bool {
    kernel::stdout_is_read()
}

fn unreadable(error: &kernel::Error) -> Failure {
    Failure::new("the `socket table` cannot be read").cause(error.to_string()).hint("sudo navyd ls")
}

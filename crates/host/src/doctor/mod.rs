//! Does localhost itself work? One row for each thing that can be wrong with it, and what to type.
//!
//! A row is one file: its word, and a pure judgement over [`Facts`] with its table of tests. `ROWS` is the list of
//! them, and the only place that names them. What could not be read is unknown, with the reason, and never ok.

mod facts;
mod firewall;
mod gather;
mod matrix;
mod names;
mod programs;
mod row;
mod rows;
mod target;
mod trace;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

use navyd_model::{Diagnosis, diagnosis::Check};

#[cfg(target_os = "linux")]
use linux as os;
#[cfg(not(target_os = "linux"))]
use portable as os;

pub use facts::{
    Authority, AuthoritySeen, Denial, Ear, Entry, Facts, Fault, Held, HostsFile, HubSeen, Lookup, Names, Net,
    OpenFiles, OurHub, Outside, Owner, PROXY_VARIABLES, Proxy, Resolver, Served, Surroundings, Told, Trusted,
    Validity, prefers_v4, sources,
};
pub use gather::gather;
pub use row::Row;
pub use target::{Doctored, of};
pub use trace::{Traced, trace};

/// The version of this machine's kernel.
///
/// # Errors
/// Where it is not told: why.
pub fn kernel_version() -> Told<String> {
    os::kernel_version()
}

/// This machine's own name.
///
/// # Errors
/// Where it is not told: why.
pub fn host_name() -> Told<String> {
    os::host_name()
}

/// The names in this machine's hosts file, and the words in it that are none: what whoever hands a report on may want to
/// keep back. None where it cannot be read.
pub fn hosts_names() -> Vec<String> {
    names::hosts_names()
}

/// Every row, in the order in which they are shown.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    rows::ROWS.iter().copied()
}

/// How every row stands, given these facts. Pure.
pub fn judge(facts: &Facts) -> Vec<Check> {
    rows().map(|row| row.check(facts)).collect()
}

/// Looks and judges, told what only the caller can know.
pub fn diagnose(outside: Outside) -> Diagnosis {
    let facts = gather(outside);
    Diagnosis { checks: judge(&facts), matrix: facts.net.matrix.unwrap_or_default() }
}

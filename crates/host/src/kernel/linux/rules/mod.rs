//! The packet filter's rules, as its own programs list them.
//!
//! nf_tables has a netlink interface of its own, whose messages hold compiled expressions; `nft` is the one
//! program that turns them back into what an administrator wrote. So it is run, from the system's own folders
//! and never from `PATH`, and only when something was seen that a rule would explain.

pub(super) mod iptables;
pub(super) mod nft;
mod older;
pub(super) mod published;
pub(super) mod trace;
pub(super) mod walk;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub use self::{published::published, trace::trace};
use crate::kernel::{
    filter::{Fate, Filter, Flow, Older},
    inbound::{Arrival, Inbound},
    rule::{Action, Rule, RuleQuery},
    socket::Error,
};

const FOLDERS: [&str; 5] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"];

/// The names of the tables of the older filter: empty while it is not used.
const LEGACY_TABLES: [&str; 2] = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"];

/// What nft's JSON has in the place of an extension of `iptables`.
const HIDDEN: &str = "\"xt\":";

/// The rules that drop, reject or redirect what `query` asks for, or everything.
///
/// Best effort, and biased towards showing: conditions other than the port and the protocol are not weighed,
/// so a rule may be shown that spares loopback. It is shown as evidence and decides nothing.
///
/// # Errors
/// When neither filter's program is installed, or none may read the rules.
pub fn rules(query: RuleQuery) -> Result<Vec<Rule>, Error> {
    match output("nft", &["-j", "list", "ruleset"]) {
        Ok(text) => {
            let mut found = nft::rules(&text, query);
            if text.contains(HIDDEN) {
                found.extend(hidden(query));
            }
            found.extend(legacy().iter().flat_map(|(_, text)| iptables::rules(text, query)));
            Ok(found)
        }
        // The older program also shows what was written through its newer self.
        Err(error) => match output("iptables-save", &[]) {
            Ok(text) => Ok(iptables::rules(&text, query)),
            Err(_) => Err(failed(error)),
        },
    }
}

/// What the rules do with connections of this machine to itself, by reading them.
///
/// # Errors
/// When `nft` is not installed, or may not read the rules.
pub fn filter(flows: Vec<Flow>) -> Result<Filter, Error> {
    let text = output("nft", &["-j", "list", "ruleset"]).map_err(failed)?;
    Ok(Filter { older: older(&flows), ..walk::filter(&text, flows) })
}

/// What the rules do with connections from elsewhere, by reading them once.
///
/// # Errors
/// When `nft` is not installed, or may not read the rules.
pub fn inbound(arrivals: &[Arrival]) -> Result<Inbound, Error> {
    let text = output("nft", &["-j", "list", "ruleset"]).map_err(failed)?;
    Ok(Inbound { older: older(&[]), ..walk::outside::inbound(&text, arrivals) })
}

/// The older filter beside the newer, as far as it may be read, and what it may do with these flows.
fn older(flows: &[Flow]) -> Older {
    let tables = LEGACY_TABLES.iter().filter_map(|names| fs::read_to_string(names).ok());
    let mut tables: Vec<String> =
        tables.flat_map(|names| names.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    tables.sort();
    tables.dedup();
    let texts = legacy();
    let counted = (!tables.is_empty() && !texts.is_empty())
        .then(|| texts.iter().map(|(_, text)| iptables::count(text)).sum());
    let hits = |flow: &Flow| {
        let family = |program: &str| program.starts_with("ip6") == flow.to.is_ipv6();
        let own = texts.iter().filter(|(program, _)| family(program));
        own.flat_map(|(program, text)| older::hits(text, flow, program.trim_end_matches("-save"))).collect()
    };
    let fates = flows.iter().map(|flow| Fate { flow: flow.clone(), hits: hits(flow) });
    Older { rules: counted, fates: fates.filter(|fate| !fate.hits.is_empty()).collect(), tables }
}

/// The rules that nft shows without saying what they do, because `iptables` wrote them. It says so of those that
/// drop.
fn hidden(query: RuleQuery) -> Vec<Rule> {
    let texts = ["iptables-save", "ip6tables-save"].iter().filter_map(|program| output(program, &[]).ok());
    let all = texts.flat_map(|text| iptables::rules(&text, query));
    all.filter(|rule| rule.action != Action::Drop).collect()
}

/// What the older filter's own programs print, where it is in use beside the newer one; and which program.
fn legacy() -> Vec<(&'static str, String)> {
    let in_use = |tables: &str| fs::read_to_string(tables).is_ok_and(|names| !names.trim().is_empty());
    let programs = LEGACY_TABLES.iter().zip(["iptables-legacy-save", "ip6tables-legacy-save"]);
    programs
        .filter(|(tables, _)| in_use(tables))
        .filter_map(|(_, program)| Some((program, output(program, &[]).ok()?)))
        .collect()
}

fn failed(source: io::Error) -> Error {
    Error::Io { what: "list packet filter rules", source }
}

fn output(program: &str, arguments: &[&str]) -> io::Result<String> {
    let path = find(program)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("`{program}` is not installed")))?;
    let output = Command::new(path).args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.lines().next().unwrap_or("it failed and did not say why").to_owned();
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("`{program}`: {line}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn find(program: &str) -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.is_file())
}

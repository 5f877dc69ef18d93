//! What was seen, before anybody judges it: plain data, so that every check is tested without a machine that has the
//! danger.

use navyd_model::{Holder, Listener, Protocol};

use super::known::Installed;
use crate::{
    kernel::{Interface, Rule},
    process::Condition,
};

/// All that checks may know.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The listeners that are looked at.
    pub subjects: Vec<Subject>,
    /// The network devices; `None` when they could not be read.
    pub interfaces: Option<Vec<Interface>>,
    /// The packet filter, as far as it concerns the listeners.
    pub filter: Filter,
    /// The user that asks: its number.
    pub me: Option<u32>,
    /// What could not be seen, and what would be needed.
    pub unknown: Vec<String>,
}

/// One listener, and what is known of those who hold it.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The listener.
    pub listener: Listener,
    /// What checks need of its holders beyond [`navyd_model::Holder`], in the same order.
    pub programs: Vec<Program>,
}

/// What checks need of one holder. `None` is what could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// The process.
    pub pid: u32,
    /// Its condition.
    pub condition: Condition,
    /// The leader of its group or session that is gone, where it was taken in by another process.
    pub lost: Option<u32>,
    /// Whether a JVM has the debugger's agent loaded, whatever its arguments say; `None` for other programs, too.
    pub jdwp: Option<bool>,
    /// What it runs of the list of known-bad versions, whatever the version.
    pub packages: Vec<Installed>,
}

/// The packet filter's rules.
#[derive(Debug, Clone, Default)]
pub enum Filter {
    /// Nobody needed them.
    #[default]
    NotAsked,
    /// They were read.
    Read(Vec<Rule>),
    /// They could not be, for this reason.
    Unreadable(String),
}

impl Subject {
    /// A listener of which nothing else was looked at.
    pub fn bare(listener: Listener) -> Self {
        Self { listener, programs: Vec::new() }
    }

    /// Its frameworks and programs by name, the first holder's first.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for holder in &self.listener.holders {
            all.extend(holder.framework.as_deref());
            all.push(&holder.name);
        }
        all
    }

    /// A line of a table with this subject's own words: `{port}`, `{pid}`, `{place}`.
    pub(super) fn fill(&self, line: &str) -> String {
        let port = self.listener.port.map(|port| port.to_string()).unwrap_or_default();
        let pid = self.listener.holders.first().map(|holder| holder.pid.to_string()).unwrap_or_default();
        line.replace("{port}", &port).replace("{pid}", &pid).replace("{place}", &self.listener.place())
    }

    /// Each holder with what checks need of it.
    pub(super) fn held(&self) -> impl Iterator<Item = (&Holder, &Program)> {
        self.listener.holders.iter().zip(&self.programs)
    }

    /// Whether it takes TCP connections.
    pub(super) fn is_tcp(&self) -> bool {
        self.listener.proto == Protocol::Tcp && self.listener.state == navyd_model::State::Listen
    }
}

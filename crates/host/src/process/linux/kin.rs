//! A process and its parents, each read once.

use std::{collections::HashMap, sync::Arc};

use navyd_model::Ancestor;

use super::{
    argv,
    entry::{Entry, Link},
    name,
    stat::{self, Stat},
    text::lossy,
};
use crate::process::{launch::Launch, supervisor::Kin};

/// How many parents are followed. Real chains have a dozen.
const GENERATIONS: usize = 64;

/// What the cheap files of one process tell.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) stat: Stat,
    pub(super) exe: Option<Link>,
    pub(super) argv: Option<Vec<Vec<u8>>>,
    pub(super) name: Vec<u8>,
    /// The same as text, for those that decide.
    pub(super) kin: Kin,
}

/// Processes read so far: holders share most of their parents.
#[derive(Debug, Default)]
pub(super) struct Kindred(HashMap<u32, Option<Arc<Known>>>);

impl Known {
    pub(super) fn read(pid: u32, entry: &Entry) -> Option<Self> {
        let stat = stat::parse(&entry.stat()?)?;
        let exe = entry.link("exe");
        let argv = entry.arguments().map(|raw| argv::split(&raw));
        let words = argv.as_deref().unwrap_or_default();
        let name = name::name(exe.as_ref().map(|link| link.path.as_slice()), words, &stat.comm);
        let launch = Launch {
            name: lossy(&name),
            exe: exe.as_ref().map(|link| lossy(&link.path)),
            argv: words.iter().map(|word| lossy(word)).collect(),
        };
        Some(Self { stat, exe, argv, name, kin: Kin { pid, launch } })
    }

    pub(super) fn ancestor(&self) -> Ancestor {
        Ancestor { pid: self.kin.pid, name: self.kin.launch.name.clone() }
    }
}

impl Kindred {
    /// The process; `None` when it is gone.
    pub(super) fn known(&mut self, pid: u32) -> Option<Arc<Known>> {
        let read = || Entry::open(pid).and_then(|entry| Known::read(pid, &entry)).map(Arc::new);
        self.0.entry(pid).or_insert_with(read).clone()
    }

    /// What was read of a process just now, so that it is not read again.
    pub(super) fn learn(&mut self, known: &Arc<Known>) {
        self.0.insert(known.kin.pid, Some(Arc::clone(known)));
    }

    /// Its parents, the nearest first, up to and without pid 1. What is read one after another may contradict
    /// itself when processes come and go: a circle ends the list.
    pub(super) fn parents(&mut self, pid: u32) -> Vec<Arc<Known>> {
        let mut parents: Vec<Arc<Known>> = Vec::new();
        let mut next = self.known(pid).map_or(0, |known| known.stat.parent);
        while next > 1 && next != pid && parents.len() < GENERATIONS {
            if parents.iter().any(|parent| parent.kin.pid == next) {
                break;
            }
            let Some(parent) = self.known(next) else { break };
            next = parent.stat.parent;
            parents.push(parent);
        }
        parents
    }
}

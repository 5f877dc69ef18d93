//! What a leaf of the list of stores is.

use std::path::{Path, PathBuf};

use super::{Machine, Root, Step};

/// A kind of store that programs take their trusted roots from.
pub trait Store: Sync {
    /// What `--store` calls it.
    fn name(&self) -> &'static str;
    /// Which programs read it.
    fn readers(&self) -> &'static str;
    /// Where it stands on a machine.
    fn here(&self, machine: &dyn Machine) -> Here;
    /// Whether one of its places holds exactly this root.
    fn holds(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Held;
    /// What installs a root.
    fn install(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step>;
    /// What removes a root, and nothing else.
    fn uninstall(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step>;
}

/// Whether a place holds a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It does.
    Yes,
    /// Something of it is there, but programs do not see it, or see what was meant to be gone.
    Partly,
    /// Nothing of it is there.
    No,
    /// The place does not tell.
    Unknown,
}

/// Where a store stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Here {
    /// There; never empty.
    Places(Vec<Place>),
    /// Not on this machine, and why that is said.
    Absent(&'static str),
    /// It is here, but nothing can be done about it: why, and what a person can do.
    Unable {
        /// Why.
        why: String,
        /// What can be typed.
        hint: String,
    },
}

/// One of the places of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is called, and where it is.
    pub path: PathBuf,
    /// Whether this user may change it.
    pub writable: bool,
}

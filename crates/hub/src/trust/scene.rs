//! A machine of a test: what it says is there is there, and nothing else.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use super::{
    machine::{Machine, System},
    root::Root,
    run::{Call, Ran},
};

/// What stands at a path.
#[derive(Debug, Clone)]
enum Node {
    File(String),
    Folder,
    Link(PathBuf),
}

/// The machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scene {
    nodes: BTreeMap<PathBuf, Node>,
    variables: BTreeMap<String, OsString>,
    read_only: Vec<PathBuf>,
    answers: BTreeMap<String, Ran>,
}

/// A root. Only its bytes matter.
pub(crate) fn root() -> Root {
    Root::of("-----BEGIN CERTIFICATE-----\nMHJvb3Q=\n-----END CERTIFICATE-----\n").unwrap()
}

/// Another one.
pub(crate) fn other() -> Root {
    Root::of("-----BEGIN CERTIFICATE-----\nMG90aGVy\n-----END CERTIFICATE-----\n").unwrap()
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::default().variable("PATH", "/usr/bin")
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.nodes.insert(path.into(), Node::File(text.into()));
        self
    }

    pub(crate) fn folder(mut self, path: &str) -> Self {
        self.nodes.insert(path.into(), Node::Folder);
        self
    }

    pub(crate) fn link(mut self, path: &str, to: &str) -> Self {
        self.nodes.insert(path.into(), Node::Link(to.into()));
        self
    }

    pub(crate) fn read_only(mut self, path: &str) -> Self {
        self.read_only.push(path.into());
        self
    }

    /// What a program answers that is called exactly so.
    pub(crate) fn answer(mut self, call: &str, ran: Ran) -> Self {
        self.answers.insert(call.into(), ran);
        self
    }
}

impl Machine for Scene {
    fn system(&self) -> System {
        System::Unix
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).cloned()
    }

    fn exists(&self, path: &Path) -> bool {
        self.real(path).is_some()
    }

    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        match self.nodes.get(&self.real(path)?)? {
            Node::File(text) => Some(text.clone().into_bytes()),
            _ => None,
        }
    }

    fn list(&self, path: &Path) -> Vec<PathBuf> {
        let inside = self.nodes.keys().filter_map(|node| {
            let name = node.strip_prefix(path).ok()?.components().next()?;
            Some(path.join(name))
        });
        let mut found: Vec<PathBuf> = inside.collect();
        found.dedup();
        found
    }

    fn link(&self, path: &Path) -> Option<PathBuf> {
        match self.nodes.get(path)? {
            Node::Link(to) => Some(to.clone()),
            _ => None,
        }
    }

    fn real(&self, path: &Path) -> Option<PathBuf> {
        match self.nodes.get(path) {
            Some(Node::Link(to)) => self.real(&path.parent()?.join(to)),
            Some(_) => Some(path.to_owned()),
            None => self.nodes.keys().any(|node| node.starts_with(path)).then(|| path.to_owned()),
        }
    }

    fn may_write(&self, path: &Path) -> bool {
        !self.read_only.iter().any(|folder| path.starts_with(folder))
    }

    fn run(&self, call: &Call) -> io::Result<Ran> {
        self.answers.get(&call.shown()).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

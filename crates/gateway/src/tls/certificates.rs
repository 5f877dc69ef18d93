//! Which certificate a client gets: that of the name it asks for, or the gateway's own.
//!
//! A leaf is made once for each name, ahead where the name is known, and kept. Deliberately absent: certificates for
//! names that nothing answers for. Whoever asks for one is refused.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use jiff::Timestamp;
use navyd_model::target::Host;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{Leaf, Names, Signer};

/// How many leaves are kept. Only names below a wildcard can be more.
const KEPT: usize = 1024;

/// How many are made ahead: so many that making them is not noticed.
const AHEAD: usize = 64;

/// The certificates of one gateway.
pub struct Certificates {
    signer: RwLock<Arc<Signer>>,
    now: fn() -> Timestamp,
    names: RwLock<Names>,
    /// By the name asked for; the gateway's own has none.
    leaves: RwLock<HashMap<String, Leaf>>,
}

impl Certificates {
    /// Those that an authority signs. Nobody gets one before a gateway says which names there are.
    pub fn new(signer: impl Into<Signer>, now: fn() -> Timestamp) -> Self {
        Self {
            signer: RwLock::new(Arc::new(signer.into())),
            now,
            names: RwLock::default(),
            leaves: RwLock::default(),
        }
    }

    /// From now on this authority signs them. Connections that are open keep what they were shown.
    pub fn sign_with(&self, signer: impl Into<Signer>) {
        *self.signer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(signer.into());
        self.leaves.write().unwrap_or_else(PoisonError::into_inner).clear();
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let ahead: Vec<_> = names.exact().take(AHEAD).map(str::to_owned).collect();
        drop(names);
        self.make(&ahead);
    }

    /// From now on these are the names that exist. The leaves of others are forgotten.
    pub(crate) fn know(&self, names: Names) {
        let ahead: Vec<_> = names.exact().take(AHEAD).map(str::to_owned).collect();
        // Both at once, so that nobody keeps a leaf for names of before.
        let mut leaves = self.leaves.write().unwrap_or_else(PoisonError::into_inner);
        // The addresses of the gateway's own leaf may be others now.
        leaves.retain(|name, _| names.certified(Some(name)).len() == 1);
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = names;
        drop(leaves);
        self.make(&ahead);
    }

    /// Makes these leaves, and the gateway's own, before anybody asks.
    fn make(&self, ahead: &[String]) {
        self.leaf(None);
        for name in ahead {
            self.leaf(Some(name));
        }
    }

    /// The leaf for a client that asks for this name, or for none; `None` when there is no such host.
    pub(super) fn leaf(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let name = name.map(|name| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase());
        let hosts = self.hosts(name.as_deref());
        let now = (self.now)();
        let leaves = self.leaves.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = leaves.get(slot(name.as_deref(), &hosts)).filter(|leaf| !leaf.is_due(now)) {
            return (!hosts.is_empty()).then(|| Arc::clone(&leaf.key));
        }
        drop(leaves);
        if hosts.is_empty() {
            return None;
        }
        // Made without the lock: should two clients ask at once, each gets one, and the last is kept.
        let signer = self.signer();
        let leaf = signer.leaf(&hosts, now).ok()?;
        let key = Arc::clone(&leaf.key);
        self.keep(name.as_deref(), &hosts, &signer, leaf);
        Some(key)
    }

    /// Keeps a leaf for the next client, unless its authority or its hosts are others by now: then it is good for the
    /// one who asked, and the last of its kind.
    pub(super) fn keep(&self, name: Option<&str>, hosts: &[Host], signer: &Arc<Signer>, leaf: Leaf) {
        let mut leaves = self.leaves.write().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(signer, &self.signer()) || self.hosts(name) != hosts {
            return;
        }
        if leaves.len() >= KEPT {
            let any = leaves.keys().find(|name| !name.is_empty()).cloned();
            any.and_then(|name| leaves.remove(&name));
        }
        leaves.insert(slot(name, hosts).to_owned(), leaf);
    }

    /// The hosts of the leaf for a client that asks for this name, in lower case, or for none.
    fn hosts(&self, name: Option<&str>) -> Vec<Host> {
        self.names.read().unwrap_or_else(PoisonError::into_inner).certified(name)
    }

    /// Who signs them now.
    pub fn signer(&self) -> Arc<Signer> {
        Arc::clone(&self.signer.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many leaves are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.leaves.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Under which name a leaf is kept: the gateway's own, which has several hosts, under none.
fn slot<'a>(name: Option<&'a str>, hosts: &[Host]) -> &'a str {
    name.filter(|_| hosts.len() == 1).unwrap_or_default()
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.leaf(client_hello.server_name())
    }
}

impl fmt::Debug for Certificates {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("expires", &self.signer().expires()).finish_non_exhaustive()
    }
}

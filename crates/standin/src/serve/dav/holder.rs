//! The locks and properties of a drive, and the locks as `dav-server` asks for them: for one request of one client.

use std::{
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use dav_server::{
    davpath::DavPath,
    ls::{DavLock, DavLockSystem, LsFuture},
};
use xmltree::Element;

use super::{
    locks::{Asks, Locks, Who},
    properties::Properties,
};

/// What a drive knows beyond its files, as long as it runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    locks: Arc<Mutex<Locks>>,
    properties: Arc<Mutex<Properties>>,
}

/// The locks, for whoever gives this password, or none.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    pub(super) kept: Kept,
    pub(super) who: Option<String>,
}

impl Kept {
    /// The locks. Nothing is left half done by what panics: each change of them is one step.
    pub(super) fn locks(&self) -> MutexGuard<'_, Locks> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The properties, likewise.
    pub(super) fn properties(&self) -> MutexGuard<'_, Properties> {
        self.properties.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stood there is gone, with all below it.
    pub(super) fn forget(&self, place: &str) {
        self.locks().forget(place);
        self.properties().forget(place);
    }
}

/// A path as locks and properties know it: its parts, with slashes between them. One that is no text has none.
pub(super) fn place(path: &DavPath) -> String {
    let text = String::from_utf8_lossy(path.as_bytes());
    let parts: Vec<_> = text.split('/').filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

impl DavLockSystem for Holder {
    fn lock(
        &'_ self,
        path: &DavPath,
        principal: Option<&str>,
        owner: Option<&Element>,
        timeout: Option<Duration>,
        shared: bool,
        deep: bool,
    ) -> LsFuture<'_, Result<DavLock, DavLock>> {
        let wanted = DavLock {
            token: String::new(),
            path: Box::new(path.clone()),
            principal: principal.map(str::to_owned),
            owner: owner.map(|owner| Box::new(owner.clone())),
            timeout_at: None,
            timeout,
            shared,
            deep,
        };
        Box::pin(ready(self.kept.locks().lock(&place(path), wanted, SystemTime::now())))
    }

    fn unlock(&'_ self, path: &DavPath, token: &str) -> LsFuture<'_, Result<(), ()>> {
        let who = self.who.as_deref();
        let ended = self.kept.locks().unlock(&place(path), who, token, SystemTime::now());
        Box::pin(ready(ended.then_some(()).ok_or(())))
    }

    fn refresh(
        &'_ self,
        path: &DavPath,
        token: &str,
        timeout: Option<Duration>,
    ) -> LsFuture<'_, Result<DavLock, ()>> {
        let lock = self.kept.locks().refresh(&place(path), token, timeout, SystemTime::now());
        Box::pin(ready(lock.ok_or(())))
    }

    fn check(
        &'_ self,
        path: &DavPath,
        principal: Option<&str>,
        ignore_principal: bool,
        deep: bool,
        submitted_tokens: &[String],
    ) -> LsFuture<'_, Result<(), DavLock>> {
        let who = if ignore_principal { Who::Anyone } else { Who::One(principal) };
        let asks = Asks { who, tokens: submitted_tokens };
        Box::pin(ready(self.kept.locks().check(&place(path), deep, asks, SystemTime::now())))
    }

    fn discover(&'_ self, path: &DavPath) -> LsFuture<'_, Vec<DavLock>> {
        Box::pin(ready(self.kept.locks().covering(&place(path), SystemTime::now())))
    }

    fn delete(&'_ self, path: &DavPath) -> LsFuture<'_, Result<(), ()>> {
        self.kept.locks().forget(&place(path));
        Box::pin(ready(Ok(())))
    }
}

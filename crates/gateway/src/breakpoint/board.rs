//! What all workers share of breakpoints: which there are, and what they hold.
//!
//! A worker that finds a breakpoint hangs a message up here and waits for a verdict; whoever looks at it releases it
//! from another thread. Everything that is held is bounded, and goes when its worker no longer waits.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use jiff::Timestamp;
use navyd_h1 as h1;
use navyd_model::filter::{Field, Filter, Subject, Term};
use tokio::sync::{mpsc, oneshot};

use super::{
    amend::amend,
    held::{Breakpoint, Held, Notice, Refused, Release, Wanted},
};
use crate::fault::is_of_head;

/// The most breakpoints.
pub(super) const MOST: usize = 64;

/// The most messages that are held at once. Further ones pass.
pub const MOST_HELD: usize = 128;

/// The longest body that is held, in bytes. A longer one passes behind its head.
pub const MOST_BODY: usize = 8 << 20;

/// The most bytes of bodies that are held at once. What comes then passes behind its head.
const MOST_BYTES: usize = 64 << 20;

/// How many notices wait for their reader. Beyond this some are lost; the list tells what is held.
const NOTICES: usize = 256;

/// The breakpoints of a gateway. Its copies are the same.
#[derive(Debug, Clone)]
pub struct Breakpoints(Arc<Board>);

#[derive(Debug)]
struct Board {
    limits: h1::Limits,
    /// How many breakpoints there are, to be read without a lock.
    set: AtomicUsize,
    next: AtomicU64,
    placed: Mutex<Arc<Vec<Arc<Placed>>>>,
    held: Mutex<BTreeMap<u64, Waiting>>,
    bytes: AtomicUsize,
}

#[derive(Debug)]
struct Placed {
    shown: Breakpoint,
    filter: Filter,
    tell: mpsc::Sender<Notice>,
}

#[derive(Debug)]
struct Waiting {
    held: Arc<Held>,
    release: oneshot::Sender<Verdict>,
}

/// What a worker does with what it held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on as it was.
    Unchanged,
    /// This goes on instead.
    Changed(super::amend::Amended),
    /// The client is answered so.
    Answer(u16),
    /// The client is cut off.
    Abort,
}

/// A message that is meant by a breakpoint, and not yet held.
#[derive(Debug)]
pub(crate) struct Caught {
    board: Arc<Board>,
    placed: Arc<Placed>,
}

/// Bytes of a body that may be held.
#[derive(Debug)]
pub(crate) struct Permit {
    board: Arc<Board>,
    bytes: usize,
}

/// A message that is held. Dropped, it is held no more.
#[derive(Debug)]
pub(crate) struct Stopped {
    board: Arc<Board>,
    placed: Arc<Placed>,
    id: u64,
    /// What became of it.
    how: String,
    /// Tells the verdict; its end tells that it goes on as it was.
    pub(crate) verdict: oneshot::Receiver<Verdict>,
    _permit: Permit,
}

impl Breakpoints {
    /// None yet; edited heads are held against these limits.
    pub(crate) fn new(limits: h1::Limits) -> Self {
        Self(Arc::new(Board {
            limits,
            set: AtomicUsize::new(0),
            next: AtomicU64::new(1),
            placed: Mutex::default(),
            held: Mutex::default(),
            bytes: AtomicUsize::new(0),
        }))
    }

    /// Whether there is any. One load, and nothing else, where there is none.
    pub(crate) fn is_any(&self) -> bool {
        self.0.set.load(Relaxed) > 0
    }

    /// Sets a breakpoint, and tells there what it holds.
    ///
    /// # Errors
    /// When the filter is none, or asks for what is not known when a message is held; when there are too many.
    pub fn set(&self, wanted: Wanted) -> Result<(Breakpoint, mpsc::Receiver<Notice>), Refused> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        if wanted.timeout < Duration::from_millis(1) || wanted.timeout > DAY {
            return Err(Refused::Timeout);
        }
        let filter = Filter::parse(&wanted.filter, Timestamp::now());
        let filter = filter.map_err(|error| Refused::Filter { written: wanted.filter.clone(), error })?;
        if filter.expr().any(&|term| is_later(term, wanted.response)) {
            return Err(Refused::Later(if wanted.response { "request and its answer" } else { "request" }));
        }
        let mut placed = self.0.placed();
        if placed.len() >= MOST {
            return Err(Refused::TooMany);
        }
        let shown = Breakpoint { id: self.0.next.fetch_add(1, Relaxed), wanted };
        let (tell, told) = mpsc::channel(NOTICES);
        Arc::make_mut(&mut placed).push(Arc::new(Placed { shown: shown.clone(), filter, tell }));
        self.0.set.store(placed.len(), Relaxed);
        Ok((shown, told))
    }

    /// Takes a breakpoint away; what it holds goes on as it was. Whether there was one.
    pub fn remove(&self, id: u64) -> bool {
        let mut placed = self.0.placed();
        let before = placed.len();
        Arc::make_mut(&mut placed).retain(|placed| placed.shown.id != id);
        self.0.set.store(placed.len(), Relaxed);
        let removed = placed.len() < before;
        drop(placed);
        // Without a sender its worker goes on.
        self.0.held().retain(|_, waiting| waiting.held.breakpoint != id);
        removed
    }

    /// Every breakpoint, the oldest first.
    pub fn all(&self) -> Vec<Breakpoint> {
        self.0.placed().iter().map(|placed| placed.shown.clone()).collect()
    }

    /// Everything that is held, the oldest first.
    pub fn held(&self) -> Vec<Arc<Held>> {
        self.0.held().values().map(|waiting| Arc::clone(&waiting.held)).collect()
    }

    /// One message that is held.
    pub fn one(&self, id: u64) -> Option<Arc<Held>> {
        self.0.held().get(&id).map(|waiting| Arc::clone(&waiting.held))
    }

    /// Releases a held message, and says what becomes of it.
    ///
    /// # Errors
    /// When it is not held any more, or cannot be sent so; then it is still held.
    pub fn release(&self, id: u64, release: Release) -> Result<String, Refused> {
        let held = self.one(id).ok_or(Refused::Gone(id))?;
        let verdict = match release {
            Release::On { head: None, body: None } => Verdict::Unchanged,
            Release::On { head, body } => {
                let original = held.original();
                let amended = amend(&original, head.as_deref(), body.as_deref(), &self.0.limits)?;
                if amended.changes.is_empty() { Verdict::Unchanged } else { Verdict::Changed(amended) }
            }
            Release::Answer(status @ 200..600) => Verdict::Answer(status),
            Release::Answer(status) => return Err(Refused::Status(status)),
            Release::Abort => Verdict::Abort,
        };
        let how = verdict.how();
        let waiting = self.0.held().remove(&id).ok_or(Refused::Gone(id))?;
        // Whoever waited may have gone just now.
        waiting.release.send(verdict).map_err(|_| Refused::Gone(id))?;
        Ok(how)
    }

    /// The breakpoint that means this message; `answers` when it is one.
    pub(crate) fn catch(&self, answers: bool, subject: &impl Subject) -> Option<Caught> {
        let all = Arc::clone(&self.0.placed());
        let meant = |placed: &&Arc<Placed>| {
            (placed.shown.wanted.response || !answers) && placed.filter.matches(subject) == Some(true)
        };
        let placed = Arc::clone(all.iter().find(meant)?);
        Some(Caught { board: Arc::clone(&self.0), placed })
    }

    /// Whether any holds answers.
    pub(crate) fn holds_answers(&self) -> bool {
        self.is_any() && self.0.placed().iter().any(|placed| placed.shown.wanted.response)
    }

    /// The limits of an edited head.
    pub(crate) fn limits(&self) -> &h1::Limits {
        &self.0.limits
    }
}

impl Board {
    fn placed(&self) -> MutexGuard<'_, Arc<Vec<Arc<Placed>>>> {
        self.placed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<u64, Waiting>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Caught {
    /// What its filter says.
    pub(crate) fn filter(&self) -> &str {
        &self.placed.shown.wanted.filter
    }

    /// How long it is held.
    pub(crate) fn timeout(&self) -> Duration {
        self.placed.shown.wanted.timeout
    }

    /// Leave to hold a body.
    pub(crate) fn permit(&self) -> Permit {
        Permit { board: Arc::clone(&self.board), bytes: 0 }
    }

    /// Holds a message; `None` when too many are held, or its breakpoint has gone.
    pub(crate) fn stop(&self, held: Held, permit: Permit) -> Option<Stopped> {
        let (release, verdict) = oneshot::channel();
        // Held while the breakpoint is there: whoever takes it away comes after, and finds this.
        let placed = self.board.placed();
        if !placed.iter().any(|placed| Arc::ptr_eq(placed, &self.placed)) {
            return None;
        }
        let mut all = self.board.held();
        if all.len() >= MOST_HELD {
            let _ = self.placed.tell.try_send(Notice::Passed);
            return None;
        }
        let id = self.board.next.fetch_add(1, Relaxed);
        let held = Arc::new(Held { id, breakpoint: self.placed.shown.id, ..held });
        all.insert(id, Waiting { held: Arc::clone(&held), release });
        drop((all, placed));
        // A reader that has no room finds it in the list.
        let _ = self.placed.tell.try_send(Notice::Held(held));
        let (board, placed) = (Arc::clone(&self.board), Arc::clone(&self.placed));
        Some(Stopped { board, placed, id, how: "the client left".to_owned(), verdict, _permit: permit })
    }
}

impl Stopped {
    /// So it ends.
    pub(crate) fn ends(&mut self, how: &str) {
        how.clone_into(&mut self.how);
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.board.held().remove(&self.id);
        let how = std::mem::take(&mut self.how);
        let _ = self.placed.tell.try_send(Notice::Over { id: self.id, how });
    }
}

impl Permit {
    /// Whether so many more bytes may be held.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        if self.bytes + bytes > MOST_BODY {
            return false;
        }
        if self.board.bytes.fetch_add(bytes, Relaxed) + bytes > MOST_BYTES {
            self.board.bytes.fetch_sub(bytes, Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.board.bytes.fetch_sub(self.bytes, Relaxed);
    }
}

impl Verdict {
    /// As a person reads it.
    pub(crate) fn how(&self) -> String {
        match self {
            Self::Unchanged => "released as it was".to_owned(),
            Self::Changed(amended) => format!("changed: {}", amended.changes),
            Self::Answer(status) => format!("answered with {status}"),
            Self::Abort => "aborted".to_owned(),
        }
    }
}

/// Whether it asks for what the heads do not tell.
fn is_later(term: &Term, answers: bool) -> bool {
    match term {
        Term::Text(field, ..) => !is_of_head(*field),
        Term::Number(field, _) => !(answers && *field == Field::Status),
        Term::Word(_) => false,
    }
}

#[cfg(test)]
mod tests;

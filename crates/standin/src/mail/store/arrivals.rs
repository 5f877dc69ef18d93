//! Messages that have come: they wait for those that come in the same turn, and are kept together.
//!
//! Where many are on their way, the first waits a moment for the others, so that one commit keeps them all.
//!
//! Whoever finds the database free writes them there and then: it is a few pages, and nothing waits for the disk. What is
//! large, and what comes while the thread of the store is at work, is left to the thread.

use std::{
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::timeout,
};

use super::{Request, Shelf};
use crate::mail::{
    limits,
    smtp::{Letter, NotKept},
};

/// Messages, and who waits for each.
pub(super) type Letters = Vec<(Letter, oneshot::Sender<Result<String, NotKept>>)>;

/// What has come, and where it goes.
pub(super) struct Arrivals {
    waiting: Mutex<Letters>,
    /// How many are on their way: their senders have begun, and have not ended.
    coming: AtomicUsize,
    /// Told when only few are.
    few: Notify,
    /// `None` once the store has ended.
    shelf: Mutex<Option<Shelf>>,
    /// Whether the thread looks after what is kept without its being asked.
    watched: AtomicBool,
}

impl Arrivals {
    pub(super) fn new(shelf: Shelf) -> Self {
        Self {
            waiting: Mutex::default(),
            coming: AtomicUsize::new(0),
            few: Notify::new(),
            shelf: Mutex::new(Some(shelf)),
            watched: AtomicBool::new(false),
        }
    }

    /// Adds a message; whether it is the first, so that [`keep`] is to be begun.
    pub(super) fn put(&self, letter: Letter, tell: oneshot::Sender<Result<String, NotKept>>) -> bool {
        let mut waiting = self.waiting();
        waiting.push((letter, tell));
        waiting.len() == 1
    }

    /// The database, for the thread of the store.
    pub(super) fn shelf(&self) -> MutexGuard<'_, Option<Shelf>> {
        // Only that thread does what could fail half-way, and then it is no more.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the thread looks no longer, and begins again only when it is told to.
    pub(super) fn unwatch(&self) {
        self.watched.store(false, Ordering::SeqCst);
    }

    /// Keeps these here and now; gives them back where that is not to be done.
    fn write(&self, letters: Letters) -> Result<(), Letters> {
        let bytes: usize = letters.iter().map(|(letter, _)| letter.bytes.len()).sum();
        let Ok(mut shelf) = self.shelf.try_lock() else { return Err(letters) };
        match &mut *shelf {
            Some(shelf) if bytes <= limits::HERE && !shelf.is_due() => {
                write(shelf, letters);
                Ok(())
            }
            _ => Err(letters),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Letters> {
        // Nothing is done under this lock that could fail.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message that is on its way as long as this lives.
pub struct Coming(Arc<Arrivals>);

impl Coming {
    pub(super) fn new(arrivals: &Arc<Arrivals>) -> Self {
        arrivals.coming.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(arrivals))
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        if self.0.coming.fetch_sub(1, Ordering::Relaxed) == limits::SIBLINGS {
            self.0.few.notify_waiters();
        }
    }
}

/// Keeps all that have come by the end of this turn, and where many are coming, those too that come in a moment.
pub(super) async fn keep(arrivals: Arc<Arrivals>, requests: mpsc::Sender<Request>) {
    tokio::task::yield_now().await;
    let few = arrivals.few.notified();
    if arrivals.coming.load(Ordering::Relaxed) >= limits::SIBLINGS {
        // Whichever comes first.
        let _ = timeout(limits::MOMENT, few).await;
    }
    let letters = mem::take(&mut *arrivals.waiting());
    match arrivals.write(letters) {
        // Where its thread has ended, so has everybody who waits for a letter.
        Err(letters) => drop(requests.send(Request::Keep(letters)).await),
        Ok(()) => {
            if !arrivals.watched.swap(true, Ordering::SeqCst) {
                // A thread with so much to do looks anyway.
                let _ = requests.try_send(Request::Look);
            }
        }
    }
}

/// Writes all of them in one commit, and tells everyone.
pub(super) fn write(shelf: &mut Shelf, letters: Letters) {
    let outcome = shelf.keep(letters.iter().map(|(letter, _)| letter));
    let outcome = outcome.map_err(|error| if error.is_full() { NotKept::Full } else { NotKept::Failed });
    let mut keys = outcome.as_ref().ok().map(|keys| keys.iter());
    for (_, tell) in letters {
        let one = match (&outcome, keys.as_mut().and_then(Iterator::next)) {
            (Err(why), _) => Err(*why),
            (Ok(_), key) => key.cloned().ok_or(NotKept::Failed),
        };
        // A client that has left is told nothing; its message stays.
        let _ = tell.send(one);
    }
}

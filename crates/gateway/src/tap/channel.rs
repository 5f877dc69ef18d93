//! From the workers to the keeper: bounded, and never waited for.
//!
//! Whoever moves bytes only tries; what does not fit is counted. The keeper is a thread that may block. Deliberately
//! absent: what to do about a keeper that does not keep up, since whatever that were would make traffic wait.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use super::{Batch, writer::FULL};
use crate::Limits;

/// How many empty batches are kept for the next use, and how large their memory may be.
const SPARE: usize = 16;
const LARGE: usize = 4 * FULL;

/// A channel from gateways to the keeper of what passes, of these limits: [`Limits::tap`] and
/// [`Limits::tap_connection`].
pub fn channel(limits: &Limits) -> (Tap, Keeper) {
    // Of two batches in a row at least one is half full, unless nobody had more to tell.
    let (to, from) = sync_channel(2 * (limits.tap / FULL) + 1);
    let shared = Arc::new(Shared {
        most: limits.tap,
        most_of_one: limits.tap_connection,
        held: AtomicUsize::new(0),
        writers: AtomicU64::new(0),
        lost: (AtomicU64::new(0), AtomicU64::new(0)),
        spare: Mutex::default(),
    });
    let over = AtomicBool::new(false);
    (Tap { to, shared: Arc::clone(&shared) }, Keeper { from, shared, over })
}

/// Where a gateway tells what passes.
#[derive(Clone)]
pub struct Tap {
    to: SyncSender<Parcel>,
    shared: Arc<Shared>,
}

/// Takes what is told. Dropped, nobody tells anything any more.
pub struct Keeper {
    from: Receiver<Parcel>,
    shared: Arc<Shared>,
    over: AtomicBool,
}

/// What has passed and was not told, in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Flows of which nothing was told.
    pub flows: u64,
    /// Bytes of those that were.
    pub bytes: u64,
}

/// A batch on its way.
pub(super) struct Parcel {
    pub(super) batch: Batch,
    /// What it counts for while it is not taken, in bytes.
    pub(super) cost: usize,
    /// How many batches were taken of whoever sent it.
    pub(super) taken: Arc<AtomicU64>,
}

/// Why a batch did not go out.
pub(super) enum Unsent {
    /// The keeper has too many. This is it.
    Full(Batch),
    /// There is no keeper any more.
    Nobody,
}

struct Shared {
    most: usize,
    most_of_one: usize,
    /// What the batches cost that are not taken.
    held: AtomicUsize,
    writers: AtomicU64,
    /// Flows and bytes.
    lost: (AtomicU64, AtomicU64),
    spare: Mutex<Vec<Batch>>,
}

impl Tap {
    /// What was not told since the channel was made.
    pub fn lost(&self) -> Lost {
        self.shared.lost()
    }

    /// A number for a writer, which no other of this channel has.
    pub(super) fn number(&self) -> u64 {
        self.shared.writers.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether so much more may be held back, in all.
    pub(super) fn has_room(&self, cost: usize) -> bool {
        self.shared.held.load(Ordering::Relaxed).saturating_add(cost) <= self.shared.most
    }

    /// How much of one flow may be.
    pub(super) fn most_of_one(&self) -> usize {
        self.shared.most_of_one
    }

    /// Sends a batch, if that can be done at once.
    pub(super) fn send(&self, parcel: Parcel) -> Result<(), Unsent> {
        let cost = parcel.cost;
        // Before the keeper can take it off again.
        self.shared.held.fetch_add(cost, Ordering::Relaxed);
        self.to.try_send(parcel).map_err(|unsent| {
            self.shared.held.fetch_sub(cost, Ordering::Relaxed);
            match unsent {
                TrySendError::Full(parcel) => Unsent::Full(parcel.batch),
                TrySendError::Disconnected(_) => Unsent::Nobody,
            }
        })
    }

    /// An empty batch, with memory where there is some.
    pub(super) fn spare(&self) -> Batch {
        self.shared.spare.try_lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default()
    }

    /// Counts what is never told.
    pub(super) fn lose(&self, lost: Lost) {
        self.shared.lost.0.fetch_add(lost.flows, Ordering::Relaxed);
        self.shared.lost.1.fetch_add(lost.bytes, Ordering::Relaxed);
    }
}

impl Keeper {
    /// The next batch, for which it waits so long. Batches of different workers come in no particular order; a flow
    /// belongs to one worker. `None` when there is none in time, and at once when [`Keeper::is_over`].
    pub fn recv_timeout(&self, timeout: Duration) -> Option<Batch> {
        match self.from.recv_timeout(timeout) {
            Ok(Parcel { batch, cost, taken }) => {
                self.shared.held.fetch_sub(cost, Ordering::Relaxed);
                taken.fetch_add(1, Ordering::Relaxed);
                Some(batch)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.over.store(true, Ordering::Relaxed);
                None
            }
        }
    }

    /// Whether every gateway has ended and all that they told was taken: flows that have not ended never will.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Gives the memory of a batch back, for the next one.
    pub fn give_back(&self, mut batch: Batch) {
        batch.events.clear();
        batch.bytes.clear();
        // A worker that looks for one just now is not to wait.
        if let Ok(mut spare) = self.shared.spare.lock()
            && spare.len() < SPARE
            && batch.bytes.capacity() <= LARGE
        {
            spare.push(batch);
        }
    }

    /// What was not told since the channel was made.
    pub fn lost(&self) -> Lost {
        self.shared.lost()
    }
}

impl Shared {
    fn lost(&self) -> Lost {
        let (flows, bytes) = &self.lost;
        Lost { flows: flows.load(Ordering::Relaxed), bytes: bytes.load(Ordering::Relaxed) }
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").field("lost", &self.lost()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("lost", &self.lost()).finish_non_exhaustive()
    }
}

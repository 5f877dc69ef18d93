//! Where messages are kept: one thread has the database, and everybody asks it.
//!
//! - [`Store`]: asks the thread; [`Keeper`]: ends it
//! - [`Shelf`]: what the thread does, one request after the other
//! - `arrivals`: what has come and waits to be kept, together, and by whoever is nearest
//! - [`Facts`]: what is known of a message without reading it again
//!
//! Messages that arrive at the same time are written in one commit, and only then is anyone told that theirs is kept. They
//! are written where they have come, as long as the thread has nothing to do: to wake it and to be woken by it costs more.
//! What is in a message is looked at afterwards, while nobody waits, or when somebody asks for it. Deliberately absent:
//! waiting for the disk itself. A commit survives the end of the process; a power cut may cost the last seconds.

mod arrivals;
mod facts;
mod keys;
mod rows;
mod schema;
mod shelf;
#[cfg(test)]
mod tests;
mod thread;

use std::{path::PathBuf, sync::Arc};

pub use arrivals::Coming;
use arrivals::{Arrivals, Letters};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

pub use facts::{Address, Facts, clean_tag};
pub use shelf::{Page, Selection, Shelf, Stats};
pub use thread::Keeper;

use super::{
    limits,
    smtp::{Letter, NotKept},
};

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In memory, gone with the process.
    Memory,
    /// In this file, which is made where there is none.
    File(PathBuf),
}

/// How much is kept. The oldest messages go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Messages.
    pub messages: u64,
    /// Bytes of them.
    pub bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { messages: limits::KEPT, bytes: limits::KEPT_BYTES }
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// Another process has the file, or it is of another program.
    #[error("`{file}` cannot be used: {why}")]
    Unusable {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The thread has ended.
    #[error("the store has ended")]
    Ended,
}

impl StoreError {
    /// Whether it is for lack of room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Database(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    }
}

/// What has happened, for those who follow.
#[derive(Debug, Clone)]
pub enum News {
    /// A message has arrived.
    Arrived(Arc<Facts>),
    /// These were marked as read, or as not read.
    Marked(Arc<[String]>, bool),
    /// These have these tags now.
    Tagged(Arc<[(String, Vec<String>)]>),
    /// These are gone.
    Removed(Arc<[String]>),
    /// All are gone.
    Emptied,
    /// More than are told one by one are gone, or are told of otherwise.
    Changed,
}

/// Asks the thread. Whoever holds one keeps the thread from ending.
#[derive(Clone)]
pub struct Store {
    requests: mpsc::Sender<Request>,
    arrivals: Arc<Arrivals>,
    arrived: watch::Receiver<u64>,
    news: broadcast::Sender<News>,
}

type Work = Box<dyn FnOnce(&mut Shelf) + Send>;

enum Request {
    Keep(Letters),
    /// Look after what was kept without asking.
    Look,
    Do(Work),
}

impl Store {
    /// Opens the database, and starts the thread that owns it.
    ///
    /// # Errors
    /// When the file cannot be used, or the system has no thread to give.
    pub fn open(place: &Place, bounds: Bounds) -> Result<(Self, Keeper), StoreError> {
        thread::start(place, bounds)
    }

    /// Keeps a message; what it is called from now on. Whoever asks may leave: the message is kept all the same.
    ///
    /// # Errors
    /// When it could not be kept: then nothing of it is there.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub async fn keep(&self, letter: Letter) -> Result<String, NotKept> {
        let (tell, told) = oneshot::channel();
        if self.arrivals.put(letter, tell) {
            tokio::spawn(arrivals::keep(Arc::clone(&self.arrivals), self.requests.clone()));
        }
        told.await.unwrap_or(Err(NotKept::Failed))
    }

    /// Says that a message is on its way, until what is given back is dropped, at the latest when it is to be kept.
    #[must_use]
    pub fn coming(&self) -> Coming {
        Coming::new(&self.arrivals)
    }

    /// Has the thread do this, when it is its turn; everything that was kept before is there, and understood.
    ///
    /// # Errors
    /// Whatever the work fails with.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Shelf) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = oneshot::channel();
        // Whoever asked may have left by then.
        let work: Work = Box::new(move |shelf| drop(tell.send(work(shelf))));
        self.requests.send(Request::Do(work)).await.map_err(|_| StoreError::Ended)?;
        told.await.unwrap_or(Err(StoreError::Ended))
    }

    /// Changes with every message that has arrived.
    #[must_use]
    pub fn arrived(&self) -> watch::Receiver<u64> {
        self.arrived.clone()
    }

    /// What happens from now on. Who is too slow misses some of it, and is told so.
    #[must_use]
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }
}

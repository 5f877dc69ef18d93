//! The keeper of exchanges: takes what the gateway tells, and keeps, finds and forgets it.
//!
//! # Layout
//! - `assemble`: events become exchanges; `redact`: without secrets; `attribute`: whose connections they are
//! - `keeping`: what waits for the disk; `store`: the disk; `known`: what is seen again and again
//! - `told`: what other tools wrote; `query` and `reading`: what is read; `onward`: what is sent to a collector
//!
//! One thread takes batches off the gateway's channel, and whoever asks what is kept has it written first. Neither a disk
//! that is full nor one that is slow reaches the gateway: its channel fills, and what does not fit is counted.
//! Deliberately absent: moving bytes; what frames and events mean; how exchanges are shown.

mod assemble;
mod attribute;
mod error;
mod keeping;
mod known;
mod limits;
mod onward;
mod query;
mod reading;
mod redact;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod told;

use std::{
    hash::{BuildHasher as _, RandomState},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, mpsc},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use navyd_gateway::tap::{FlowId, Plane};
use navyd_model::exchange::{Protocol, Summary};
use tokio::sync::{Semaphore, broadcast};

use crate::{
    export::Raw,
    otlp::{Endpoint, Sender},
};

use self::{
    assemble::{Assembler, Decoders, record::Record},
    attribute::Attribution,
    keeping::Keeping,
    limits::LIVE,
    store::Store,
};
pub use self::{error::CaptureError, limits::Limits, query::Question, source::Source};

/// A statement of PostgreSQL, or else of MySQL, without its secrets: what its fuzz target looks into.
#[doc(hidden)]
pub fn statement_without_secrets(text: &str, postgres: bool) -> Option<String> {
    use redact::sql::{self, Dialect};
    sql::redact(text, if postgres { Dialect::Postgres } else { Dialect::Mysql }).text
}

/// What a capture is told when it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where its folders are; it is made where there is none.
    pub directory: PathBuf,
    /// How much is kept.
    pub limits: Limits,
    /// Whether secrets are kept as well.
    pub reveal: bool,
    /// The collector that exchanges are sent to as well, as they are kept: without secrets, and never with bodies.
    pub export: Option<Endpoint>,
}

/// A capture that runs. Dropped, it writes what it has.
pub struct Capture {
    shared: Arc<Shared>,
    /// Whether its directory goes with it.
    throwaway: bool,
    _attribution: Arc<Attribution>,
    /// Who may ask what blocks for the disk.
    pub(crate) readers: Arc<Semaphore>,
    /// Closed when nobody tells anything any more and all of it is taken.
    over: Mutex<mpsc::Receiver<()>>,
}

struct Shared {
    settings: Settings,
    keeping: Mutex<Keeping>,
    /// How it stood before the last step of the keeper, for whoever asks while the disk does not answer.
    stood: Mutex<navyd_model::capture::Capture>,
    live: broadcast::Sender<Arc<Summary>>,
}

/// How many may wait for the disk at once, each on a thread.
const READERS: usize = 32;

/// How long whoever asks how it stands waits for the disk, and how often it is looked whether that answers.
const PATIENCE: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(5);

/// What is said of a disk on which something has been written for longer than that.
const SLOW: &str = "the disk does not answer";

/// Who waits for ever waits so long.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// How long the end waits for what the gateway told last.
const LAST: Duration = Duration::from_secs(2);

impl Capture {
    /// Starts to keep what this source tells.
    ///
    /// # Errors
    /// When the directory cannot be used, or a thread cannot be started.
    pub fn open(settings: Settings, source: impl Source) -> Result<Self, CaptureError> {
        let store = Store::open(settings.directory.clone(), settings.limits)?;
        let decoders: Decoders = |plane, protocol| match plane {
            Plane::Udp => navyd_decode::datagrams(protocol),
            _ => navyd_decode::decoder(protocol),
        };
        let assembler = Assembler::new(store.last() + 1, settings.reveal, decoders);
        let export = settings.export.clone().map(Sender::start).transpose().map_err(CaptureError::Thread)?;
        let keeping = Mutex::new(Keeping::new(assembler, store, settings.limits, export));
        let stood = Mutex::new(settings.as_told());
        let shared = Arc::new(Shared { settings, keeping, stood, live: broadcast::Sender::new(LIVE) });
        let told = Arc::downgrade(&shared);
        let attribution = Attribution::start(move |found| {
            if let Some(shared) = told.upgrade() {
                let mut keeping = shared.keeping();
                keeping.know(found);
                keeping.write();
            }
        });
        let attribution = Arc::new(attribution.map_err(CaptureError::Thread)?);
        let (kept, asked) = (Arc::downgrade(&shared), Arc::downgrade(&attribution));
        // It ends with its source: when the last gateway that tells something is gone, or the capture is.
        let (ending, over) = mpsc::channel();
        let work = move || {
            keep(&kept, &asked, source);
            drop::<mpsc::Sender<()>>(ending);
        };
        thread::Builder::new().name("capture".into()).spawn(work).map_err(CaptureError::Thread)?;
        Ok(Self {
            shared,
            throwaway: false,
            _attribution: attribution,
            readers: Arc::new(Semaphore::new(READERS)),
            over: Mutex::new(over),
        })
    }

    /// The same in a directory of its own, which goes with it.
    ///
    /// # Errors
    /// As [`Capture::open`].
    pub fn throwaway(
        reveal: bool,
        export: Option<Endpoint>,
        source: impl Source,
    ) -> Result<Self, CaptureError> {
        let number = RandomState::new().hash_one(std::process::id());
        let directory = std::env::temp_dir().join(format!("navyd-traffic-{number:016x}"));
        let settings = Settings { directory, limits: Limits::default(), reveal, export };
        let mut capture = Self::open(settings, source)?;
        capture.throwaway = true;
        Ok(capture)
    }

    /// Writes what has ended and waits for the disk.
    pub fn flush(&self) {
        self.shared.keeping().write();
    }

    /// Once the gateway has ended: takes what it told last, writes it, and sends what a collector is to have. For so long
    /// as this takes, and a few seconds at most.
    pub fn finish(&self) {
        let _ = self.over.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(LAST);
        let export = {
            let mut keeping = self.shared.keeping();
            keeping.write();
            keeping.export.take()
        };
        drop(export);
    }

    /// As it stands. While the disk does not answer: as it stood before, with that as its trouble.
    pub fn status(&self) -> navyd_model::capture::Capture {
        let Some(keeping) = self.shared.keeping_soon() else {
            let stood = self.shared.stood.lock().unwrap_or_else(PoisonError::into_inner).clone();
            return navyd_model::capture::Capture { trouble: Some(SLOW.to_owned()), ..stood };
        };
        let bytes = keeping.disk();
        let mut stood = self.shared.stood(&keeping);
        stood.bytes = bytes;
        stood.clone()
    }

    /// Whether the disk holds up whoever keeps or asks, for half a second. Blocks for as long.
    pub(crate) fn hangs(&self) -> bool {
        self.shared.keeping_soon().is_none()
    }

    /// Whether every word that is kept is indexed.
    pub fn is_indexed(&self) -> bool {
        self.shared.keeping().is_indexed()
    }

    /// Every exchange from now on, when it has ended; of streams also when they begin. Who reads too slowly is told how
    /// many were left out.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Summary>> {
        self.shared.live.subscribe()
    }

    /// From its next connection on, reads what a route of TCP or UDP carries as a protocol; `None`: as bytes. Gives as
    /// what it was read before.
    pub fn read_as(&self, route: &str, protocol: Option<Protocol>) -> Option<Protocol> {
        self.shared.keeping().assembler.read_as(route, protocol)
    }

    /// Keeps exchanges that were not seen here, under numbers of their own. Secrets in them are not kept either. Nobody
    /// who follows is told. Blocks for the disk.
    pub fn import(&self, all: &[Raw]) {
        for (number, raw) in (0..).zip(all) {
            // Numbers of the gateway count up from 0, and a whole flow is told at once.
            let batch = told::batch(FlowId(u64::MAX - number), raw);
            let mut keeping = self.shared.keeping();
            keeping.import(&batch);
            keeping.write_if_due();
        }
        self.flush();
    }

    /// Removes the exchanges that are asked for, in whatever number. Gives how many there were. Blocks for the disk.
    ///
    /// # Errors
    /// When the disk cannot be read or written.
    pub fn remove(&self, question: &Question) -> Result<u64, CaptureError> {
        let ids = query::ids(&self.shared.written()?, question)?;
        self.shared.keeping().remove(&ids)
    }

    /// Removes everything that has ended, and its files. Blocks for the disk.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn clear(&self) -> Result<(), CaptureError> {
        self.shared.keeping().clear()
    }

    /// Removes what is older or more than the limits allow, now. Gives how many folders went.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn prune(&self) -> Result<usize, CaptureError> {
        self.shared.keeping().prune()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let mut keeping = self.shared.keeping();
        if !self.throwaway {
            return keeping.write();
        }
        // What cannot be removed is in the directory of what is temporary.
        let _ = keeping.vanish();
        let _ = std::fs::remove_dir(&self.shared.settings.directory);
    }
}

impl Settings {
    /// What is told of them.
    fn as_told(&self) -> navyd_model::capture::Capture {
        navyd_model::capture::Capture {
            directory: self.directory.to_string_lossy().into_owned(),
            most_bytes: self.limits.bytes,
            most_age_ms: u64::try_from(self.limits.age.as_millis()).unwrap_or(u64::MAX),
            reveal: self.reveal,
            ..navyd_model::capture::Capture::default()
        }
    }
}

impl Shared {
    /// Whoever panicked while holding it has left records, and these are whole.
    fn keeping(&self) -> MutexGuard<'_, Keeping> {
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, unless the disk holds it up. Whoever holds it otherwise has done with it by then.
    fn keeping_soon(&self) -> Option<MutexGuard<'_, Keeping>> {
        let begun = Instant::now();
        loop {
            match self.keeping.try_lock() {
                Ok(keeping) => return Some(keeping),
                Err(TryLockError::Poisoned(keeping)) => return Some(keeping.into_inner()),
                Err(TryLockError::WouldBlock) if begun.elapsed() >= PATIENCE => return None,
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
            }
        }
    }

    /// Remembers how it stands, but for the bytes on the disk.
    fn stood(&self, keeping: &Keeping) -> MutexGuard<'_, navyd_model::capture::Capture> {
        let mut stood = self.stood.lock().unwrap_or_else(PoisonError::into_inner);
        stood.recorded = keeping.recorded;
        stood.waiting = keeping.waiting().len() as u64;
        stood.open = keeping.assembler.in_progress() as u64;
        stood.lost = keeping.lost();
        stood.trouble = keeping.trouble().map(str::to_owned);
        stood.export = keeping.export.as_ref().map(Sender::status);
        stood
    }

    /// The folders, with all that has ended.
    fn written(&self) -> Result<Vec<store::folder::Folder>, CaptureError> {
        let mut keeping = self.keeping();
        keeping.write();
        keeping.folders()
    }

    fn tell(&self, records: &[Record]) {
        if self.live.receiver_count() == 0 {
            return;
        }
        for record in records {
            let _ = self.live.send(Arc::new(record.summary()));
        }
    }
}

/// Takes one batch after the other, until nobody tells anything any more.
fn keep(shared: &std::sync::Weak<Shared>, who: &std::sync::Weak<Attribution>, mut source: impl Source) {
    loop {
        let Some(rest) = shared.upgrade().map(|shared| shared.keeping().rest(Instant::now())) else { return };
        let batch = source.next(rest.unwrap_or(FOR_EVER));
        let (Some(shared), Some(who)) = (shared.upgrade(), who.upgrade()) else { return };
        let mut keeping = shared.keeping();
        keeping.untold = source.lost();
        let Some(batch) = batch else {
            if source.is_over() {
                let from = keeping.finish(Timestamp::now().as_microsecond());
                shared.tell(&keeping.waiting()[from..]);
                keeping.write();
                return;
            }
            keeping.write_if_due();
            keeping.idle();
            continue;
        };
        let (from, new) = keeping.take(&batch);
        shared.tell(&keeping.waiting()[from..]);
        keeping.send(from);
        drop(shared.stood(&keeping));
        keeping.write_if_due();
        drop(keeping);
        if !new.is_empty() {
            who.ask(new);
        }
        source.give_back(batch);
    }
}

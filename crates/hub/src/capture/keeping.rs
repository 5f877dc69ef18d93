//! What is recorded, from the gateway's events to the disk: one at a time holds it.
//!
//! Exchanges wait here for a short while and are written together. Where the disk does not take them they wait in bounded
//! memory, and the oldest are given up and counted: whoever moves bytes learns nothing of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use navyd_gateway::tap::Batch;
use navyd_model::{capture::Losses, exchange::Outcome};

use super::{
    CaptureError, Limits,
    assemble::{
        Assembler,
        record::{Peer, Record},
    },
    attribute::{
        New,
        cause::{Causes, Found},
    },
    limits::{AGE, IDLE, JUDGED, RETRY, ROWS, WRITE_BYTES},
    onward,
    store::{Store, folder::Folder},
};
use crate::otlp::Sender;

/// Exchanges on their way to the disk.
pub(crate) struct Keeping {
    pub(crate) assembler: Assembler,
    store: Store,
    causes: Causes,
    limits: Limits,
    /// What waits for the disk.
    waiting: Vec<Record>,
    bytes: usize,
    /// Peers that became known after they were written.
    late: Vec<Arc<Peer>>,
    /// Causes that were found since.
    found: Vec<Found>,
    /// Since when something waits.
    since: Option<Instant>,
    /// When writing is tried again, and the pause before that.
    retry: Option<(Instant, Duration)>,
    trouble: Option<String>,
    /// Whether there may be something to index.
    unindexed: bool,
    /// How long the last step of that took, when nothing came since.
    step: Option<Duration>,
    pub(crate) recorded: u64,
    given_up: u64,
    /// What the gateway could not tell, as its keeper says.
    pub(crate) untold: Losses,
    /// Who sends exchanges to a collector.
    pub(crate) export: Option<Sender>,
}

impl Keeping {
    pub(crate) fn new(assembler: Assembler, store: Store, limits: Limits, export: Option<Sender>) -> Self {
        Self {
            assembler,
            store,
            causes: Causes::default(),
            limits,
            waiting: Vec::new(),
            bytes: 0,
            late: Vec::new(),
            found: Vec::new(),
            since: None,
            retry: None,
            trouble: None,
            unindexed: true,
            step: None,
            recorded: 0,
            given_up: 0,
            untold: Losses::default(),
            export,
        }
    }

    /// Takes a batch. Gives from where on the exchanges in [`Keeping::waiting`] are new, and connections that are.
    pub(crate) fn take(&mut self, batch: &Batch) -> (usize, New) {
        let from = self.waiting.len();
        self.step = None;
        self.assembler.take(batch, &mut self.waiting);
        self.came(from);
        (from, self.assembler.new_peers())
    }

    /// Takes exchanges of another time and place: they caused nothing here, and whose connections they were is not asked.
    pub(crate) fn import(&mut self, batch: &Batch) {
        let from = self.waiting.len();
        self.assembler.take(batch, &mut self.waiting);
        drop(self.assembler.new_peers());
        self.count(from);
    }

    /// Nobody will tell anything any more.
    pub(crate) fn finish(&mut self, at: i64) -> usize {
        let from = self.waiting.len();
        self.assembler.finish(at, &mut self.waiting);
        self.came(from);
        self.send(from);
        // It is not known of them that they ended; but nothing more will be.
        let open = self.waiting[from..].iter().filter(|record| record.outcome == Outcome::Open);
        self.recorded += open.clone().count() as u64;
        if let Some(export) = &self.export {
            open.for_each(|record| onward::offer(export, record));
        }
        from
    }

    fn came(&mut self, from: usize) {
        self.causes.ended(&self.waiting[from..], Instant::now());
        self.count(from);
    }

    fn count(&mut self, from: usize) {
        let new = &self.waiting[from..];
        if new.is_empty() {
            return;
        }
        self.bytes += new.iter().map(Record::memory).sum::<usize>();
        // What goes on is counted when it ends.
        self.recorded += new.iter().filter(|record| record.outcome != Outcome::Open).count() as u64;
        self.since.get_or_insert_with(Instant::now);
    }

    /// Sends the exchanges from there on that have ended to the collector, if there is one.
    pub(crate) fn send(&self, from: usize) {
        let Some(export) = &self.export else { return };
        let ended = self.waiting[from..].iter().filter(|record| record.outcome != Outcome::Open);
        ended.for_each(|record| onward::offer(export, record));
    }

    /// Peers became known.
    pub(crate) fn know(&mut self, peers: Vec<Arc<Peer>>) {
        self.causes.know(&peers, Instant::now());
        self.late.extend(peers);
        self.since.get_or_insert_with(Instant::now);
    }

    /// An exchange that waits for the disk or goes on, as it stands now.
    pub(crate) fn standing(&self, id: u64) -> Option<Record> {
        let waiting = || self.waiting.iter().rev().find(|record| record.id == id).cloned();
        self.assembler.open().find(|record| record.id == id).or_else(waiting)
    }

    /// What waits for the disk, the oldest first.
    pub(crate) fn waiting(&self) -> &[Record] {
        &self.waiting
    }

    /// For how long nothing is to be done, if nobody tells anything. `None`: for ever.
    pub(crate) fn rest(&self, now: Instant) -> Option<Duration> {
        let until = |at: Instant| at.saturating_duration_since(now);
        let rest = match (self.retry, self.since) {
            (Some((again, _)), Some(_)) => Some(until(again)),
            (None, Some(since)) => Some(until(since + AGE)),
            // It rests as long as it works, so that half a core is the most that it takes.
            (_, None) => self.unindexed.then_some(self.step.unwrap_or(IDLE)),
        };
        [rest, self.causes.next().map(until)].into_iter().flatten().min()
    }

    /// Writes what waits, if that is enough or waits long enough, and the disk was not found full just now.
    pub(crate) fn write_if_due(&mut self) {
        let now = Instant::now();
        self.judge(now);
        let due = self.since.is_some_and(|since| now.duration_since(since) >= AGE)
            || self.waiting.len() >= ROWS
            || self.bytes >= WRITE_BYTES;
        if due && self.retry.is_none_or(|(again, _)| now >= again) {
            self.write();
        }
        self.give_up();
    }

    /// Looks what caused those whose time has come.
    fn judge(&mut self, now: Instant) {
        let assembler = &self.assembler;
        let found = self.causes.judge(now, || assembler.open());
        if found.is_empty() {
            return;
        }
        for Found { id, causes } in &found {
            if let (Some(export), [cause]) = (&self.export, &causes[..]) {
                export.caused(*id, *cause);
            }
        }
        self.found.extend(found);
        let over = self.found.len().saturating_sub(JUDGED);
        self.found.drain(..over);
        self.since.get_or_insert(now);
    }

    /// Writes what waits. What the disk does not take goes on waiting.
    pub(crate) fn write(&mut self) {
        self.judge(Instant::now());
        if self.since.is_none() {
            return;
        }
        let written = self.store.write(&self.waiting, &self.late, &self.found, Timestamp::now());
        match written {
            Ok(()) => {
                self.waiting.clear();
                self.waiting.shrink_to(2 * ROWS);
                self.late.clear();
                self.found.clear();
                (self.bytes, self.since, self.retry, self.trouble) = (0, None, None, None);
                self.unindexed = true;
            }
            Err(error) => {
                let pause = self.retry.map_or(RETRY[0], |(_, pause)| (pause * 2).min(RETRY[1]));
                self.retry = Some((Instant::now() + pause, pause));
                self.trouble = Some(told(&error));
                // Who they are is written with the exchange, once that is.
                self.late.clear();
            }
        }
    }

    /// Makes a step of what is done while nothing else is: the index. Tells whether there may be more to do.
    pub(crate) fn idle(&mut self) -> bool {
        if self.since.is_none() && self.unindexed {
            let begun = Instant::now();
            self.unindexed = self.store.index().unwrap_or(false);
            self.step = Some(begun.elapsed());
        }
        self.unindexed
    }

    /// Whether there is nothing more to index.
    pub(crate) fn is_indexed(&self) -> bool {
        !self.unindexed && self.since.is_none()
    }

    /// Gives the oldest up that have no room in memory.
    fn give_up(&mut self) {
        let mut gone = 0;
        while self.bytes > self.limits.waiting && gone < self.waiting.len() {
            self.bytes -= self.waiting[gone].memory();
            gone += 1;
        }
        self.waiting.drain(..gone);
        self.given_up += gone as u64;
    }

    /// The folders on the disk.
    pub(crate) fn folders(&self) -> Result<Vec<Folder>, CaptureError> {
        self.store.folders()
    }

    /// What keeps it from writing.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What is lost so far.
    pub(crate) fn lost(&self) -> Losses {
        let Losses { flows, bytes, .. } = self.untold;
        Losses { flows: flows + self.assembler.refused, bytes, exchanges: self.given_up }
    }

    /// Bytes on the disk.
    pub(crate) fn disk(&self) -> u64 {
        self.store.bytes()
    }

    /// Removes these exchanges, wherever they are. Gives how many there were.
    pub(crate) fn remove(&mut self, ids: &[u64]) -> Result<u64, CaptureError> {
        let before = self.waiting.len();
        self.waiting.retain(|record| !ids.contains(&record.id));
        self.bytes = self.waiting.iter().map(Record::memory).sum();
        Ok((before - self.waiting.len()) as u64 + self.store.remove(ids)?)
    }

    /// Removes all that has ended.
    pub(crate) fn clear(&mut self) -> Result<(), CaptureError> {
        self.waiting.clear();
        self.bytes = 0;
        self.store.begin_again(Timestamp::now())
    }

    /// Removes all of it, and all files.
    pub(crate) fn vanish(&mut self) -> Result<(), CaptureError> {
        self.waiting.clear();
        self.store.clear()
    }

    /// Removes what is too old.
    pub(crate) fn prune(&mut self) -> Result<usize, CaptureError> {
        self.store.prune(Timestamp::now())
    }
}

/// An error with what the system says.
fn told(error: &CaptureError) -> String {
    match std::error::Error::source(error) {
        Some(source) if !matches!(error, CaptureError::Database(_)) => format!("{error}: {source}"),
        _ => error.to_string(),
    }
}

//! The disk: a folder for each rotation, with a database of exchanges and segments of bodies.
//!
//! There is one writer. It writes many exchanges in one short transaction, and what fails is written once more as a
//! whole. Deliberately absent: VACUUM, since what is old goes with its folder; and waiting for the disk, which a power
//! cut may cost the last seconds.

pub(crate) mod folder;
pub(crate) mod index;
mod rows;
pub(crate) mod schema;
pub(crate) mod segment;

use std::{collections::HashMap, fs, io, path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use self::{folder::Folder, rows::Rows, segment::Segments};
use super::{
    CaptureError, Limits,
    assemble::record::{Peer, Record},
    attribute::cause::Found,
};

/// How long somebody who holds the database otherwise is waited for: whoever removes exchanges, at most.
const BUSY: Duration = Duration::from_secs(5);

/// How often sizes are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// How many digests of longer bodies are remembered, to find them again.
const DIGESTS: usize = 4096;

/// Writes folders.
pub(crate) struct Store {
    directory: PathBuf,
    limits: Limits,
    current: Option<Current>,
    /// Ends when rows are not where they were said to be: with a folder, or a transaction that failed.
    generation: u64,
    looked: Option<Timestamp>,
    /// The number of the last exchange that there was: none is used twice, though all of them are removed.
    last: u64,
}

/// The folder that is written to.
struct Current {
    folder: Folder,
    connection: Connection,
    segments: Segments,
    next: Next,
    routes: HashMap<Arc<str>, i64>,
    /// Bodies by their digest, form and encoding.
    digests: HashMap<[u8; 32], i64>,
}

/// The next row of each table.
#[derive(Debug, Clone, Copy)]
struct Next {
    head: i64,
    body: i64,
    peer: i64,
    route: i64,
}

impl Store {
    /// The store in a directory, which is made where there is none.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub(crate) fn open(directory: PathBuf, limits: Limits) -> Result<Self, CaptureError> {
        crate::os::private_directory(&directory).map_err(CaptureError::file(&directory))?;
        let mut store = Self { directory, limits, current: None, generation: 1, looked: None, last: 0 };
        store.last = store.find_last()?;
        Ok(store)
    }

    /// The number of the last exchange that there was; 0 when there was none.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    fn find_last(&self) -> Result<u64, CaptureError> {
        for folder in self.folders()?.iter().rev() {
            let Ok(Some(connection)) = schema::reader(&folder.database()) else { continue };
            let sql = "SELECT max(ifnull((SELECT max(id) FROM exchanges), 0), ifnull((SELECT last FROM before), 0))";
            return Ok(connection.query_one(sql, [], |row| row.get::<_, i64>(0))? as u64);
        }
        Ok(0)
    }

    /// The folders, the oldest first.
    pub(crate) fn folders(&self) -> Result<Vec<Folder>, CaptureError> {
        Folder::all(&self.directory).map_err(CaptureError::file(&self.directory))
    }

    /// Writes exchanges, peers that are known better by now, and what caused exchanges that were written before. All of
    /// it, or nothing.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(crate) fn write(
        &mut self,
        records: &[Record],
        late: &[Arc<Peer>],
        causes: &[Found],
        now: Timestamp,
    ) -> Result<(), CaptureError> {
        self.last = records.iter().map(|record| record.id).fold(self.last, u64::max);
        self.turn(now)?;
        let generation = self.generation;
        let current = self.current(now)?;
        let written = current.write(records, late, causes, generation);
        if written.is_err() {
            current.segments.forget();
            current.routes.clear();
            current.digests.clear();
            // The connection may have been made to a file that is gone; nothing is lost by another one.
            self.current = None;
            self.generation += 1;
        }
        written
    }

    /// Indexes a few heads or bodies more. Tells whether there may be others.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub(crate) fn index(&mut self) -> Result<bool, CaptureError> {
        let Some(current) = &mut self.current else { return Ok(false) };
        index::step(&mut current.connection, &current.folder.path)
    }

    /// Removes folders that are too old or too many. Gives how many.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub(crate) fn prune(&mut self, now: Timestamp) -> Result<usize, CaptureError> {
        let folders = self.folders()?;
        let ends = folders.iter().skip(1).map(|folder| folder.begun).chain([now]);
        let all: Vec<(u64, Timestamp)> = folders.iter().map(Folder::bytes).zip(ends).collect();
        let gone = folder::too_old(&all, &self.limits, now);
        for folder in &folders[..gone] {
            remove(folder)?;
        }
        Ok(gone)
    }

    /// Removes exchanges by their numbers. Their bodies stay in their segments until the folder goes, as other exchanges
    /// may have the same. Gives how many there were.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub(crate) fn remove(&mut self, ids: &[u64]) -> Result<u64, CaptureError> {
        let mut removed = 0;
        for folder in self.folders()? {
            let own = self.current.as_mut().filter(|current| current.folder == folder);
            let mut other;
            let connection = match own {
                Some(current) => &mut current.connection,
                None => {
                    other = schema::writer(&folder.database(), 0)?;
                    &mut other
                }
            };
            if !schema::is_ours(connection)? {
                continue;
            }
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut statement = transaction.prepare_cached("DELETE FROM exchanges WHERE id = ?")?;
                let maybe = "DELETE FROM maybe_caused WHERE cause = ?1 OR id = ?1";
                let mut maybe = transaction.prepare_cached(maybe)?;
                for id in ids {
                    removed += statement.execute([*id as i64])? as u64;
                    maybe.execute([*id as i64])?;
                }
            }
            // Numbers go on behind what was removed.
            transaction.execute("UPDATE before SET last = ?", [self.last as i64])?;
            transaction.commit()?;
        }
        Ok(removed)
    }

    /// Removes everything.
    ///
    /// # Errors
    /// When a folder cannot be removed.
    pub(crate) fn clear(&mut self) -> Result<(), CaptureError> {
        self.close();
        self.folders()?.iter().try_for_each(remove)
    }

    /// Removes everything, and begins again where the numbers went on.
    ///
    /// # Errors
    /// When a folder cannot be removed or made.
    pub(crate) fn begin_again(&mut self, now: Timestamp) -> Result<(), CaptureError> {
        self.clear()?;
        self.current(now).map(drop)
    }

    /// Bytes on the disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.folders().map_or(0, |folders| folders.iter().map(Folder::bytes).sum())
    }

    /// Begins the next folder when this one is full, and removes those that are too old.
    fn turn(&mut self, now: Timestamp) -> Result<(), CaptureError> {
        let recent = |looked: Timestamp| now.duration_since(looked).unsigned_abs() < LOOK;
        if self.looked.is_some_and(recent) {
            return Ok(());
        }
        self.looked = Some(now);
        if let Some(current) = &self.current
            && current.folder.is_full(current.folder.bytes(), &self.limits, now)
        {
            self.close();
        }
        self.prune(now).map(drop)
    }

    fn close(&mut self) {
        self.current = None;
        self.generation += 1;
    }

    /// The folder to write to: the last one, unless it is full, of another arrangement or broken.
    fn current(&mut self, now: Timestamp) -> Result<&mut Current, CaptureError> {
        if self.current.is_none() {
            // It may have been removed with everything that was on the disk.
            crate::os::private_directory(&self.directory).map_err(CaptureError::file(&self.directory))?;
            let folders = self.folders()?;
            let last = folders.last().filter(|folder| !folder.is_full(folder.bytes(), &self.limits, now));
            let opened = last.and_then(|folder| Current::open(folder.clone(), self.last).ok().flatten());
            self.current = Some(match opened {
                Some(current) => current,
                None => {
                    let number = folders.last().map_or(1, |folder| folder.number + 1);
                    let folder = Folder::make(&self.directory, number, now);
                    let folder = folder.map_err(CaptureError::file(&self.directory))?;
                    let opened = Current::open(folder.clone(), self.last);
                    if !matches!(opened, Ok(Some(_))) {
                        // A folder without a database would be in the way of the next try.
                        let _ = remove(&folder);
                    }
                    opened?.ok_or_else(|| rusqlite::Error::InvalidQuery)?
                }
            });
        }
        // It was put there just now, at the latest.
        self.current.as_mut().ok_or_else(|| rusqlite::Error::InvalidQuery.into())
    }
}

impl Current {
    /// Opens a folder; `None` when it is of another arrangement.
    fn open(folder: Folder, last: u64) -> Result<Option<Self>, CaptureError> {
        let connection = schema::writer(&folder.database(), last)?;
        if !schema::is_ours(&connection)? {
            return Ok(None);
        }
        let next = |table: &str| {
            connection
                .query_one(&format!("SELECT coalesce(max(id), 0) + 1 FROM {table}"), [], |row| row.get(0))
        };
        let next = Next {
            head: next("heads")?,
            body: next("bodies")?,
            peer: next("peers")?,
            route: next("routes")?,
        };
        let segments = Segments::open(&folder.path).map_err(CaptureError::file(&folder.path))?;
        let (routes, digests) = (HashMap::new(), HashMap::new());
        Ok(Some(Self { folder, connection, segments, next, routes, digests }))
    }

    fn write(
        &mut self,
        records: &[Record],
        late: &[Arc<Peer>],
        causes: &[Found],
        generation: u64,
    ) -> Result<(), CaptureError> {
        let Self { folder, connection, segments, next, routes, digests } = self;
        if digests.len() > DIGESTS {
            digests.clear();
        }
        let failed = |source: io::Error| CaptureError::File { path: folder.path.clone(), source };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut rows = Rows::new(&transaction, segments, next, routes, digests, generation)?;
        for record in records {
            rows.exchange(record).map_err(|error| error.of(&folder.path))?;
        }
        for peer in late {
            rows.late(peer)?;
        }
        for found in causes {
            rows.caused(found)?;
        }
        drop(rows);
        segments.flush().map_err(failed)?;
        Ok(transaction.commit()?)
    }
}

fn remove(folder: &Folder) -> Result<(), CaptureError> {
    match fs::remove_dir_all(&folder.path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CaptureError::file(&folder.path)(error)),
        _ => Ok(()),
    }
}

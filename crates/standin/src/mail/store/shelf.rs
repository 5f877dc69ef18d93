//! What the thread of the store does: messages are kept here, understood, and let go. What is asked of them is in
//! `found`, what is changed of them in `changed`.
//!
//! Numbers and sizes of what is there are counted here and not asked for. What fails is undone as a whole.

mod changed;
mod found;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use tokio::sync::{broadcast, watch};

use super::{Bounds, Facts, News, Place, StoreError, keys::Keys, rows, schema};
use crate::mail::{limits, query::Query, smtp::Letter};

/// What a commit writes beside the messages, in bytes, about: the rest of the page that they stand on.
const COMMIT: u64 = 16 * 1024;

/// What is written of a message when it is understood, in bytes, about.
const FACTS: u64 = 1024;

/// Which messages are meant.
#[derive(Debug, Clone)]
pub enum Selection {
    /// Every one.
    All,
    /// Those of these names.
    Keys(Vec<String>),
    /// Those that a search finds.
    Query(Query),
}

/// A piece of a list, the newest first.
#[derive(Debug, Default)]
pub struct Page {
    /// The messages of this piece.
    pub messages: Vec<Facts>,
    /// How many the whole list has.
    pub found: u64,
    /// How many of these nobody has read.
    pub found_unread: u64,
}

/// What is there in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Messages.
    pub messages: u64,
    /// Those that nobody has read.
    pub unread: u64,
    /// Bytes of messages.
    pub bytes: u64,
    /// Messages that were taken since it was opened.
    pub accepted: u64,
    /// Their bytes.
    pub accepted_bytes: u64,
    /// Messages that were removed since, by somebody or for lack of room.
    pub deleted: u64,
}

/// Who is told what happens.
pub(super) struct Told {
    pub(super) arrived: watch::Sender<u64>,
    pub(super) news: broadcast::Sender<News>,
}

/// The database and what is known of it.
pub struct Shelf {
    connection: Connection,
    bounds: Bounds,
    told: Told,
    stats: Stats,
    /// The number of the last message.
    last: i64,
    /// The number of the last message that is understood.
    indexed: i64,
    keys: Keys,
    /// What was written since the journal was emptied, in bytes, about.
    grown: u64,
}

impl Shelf {
    pub(super) fn open(place: &Place, bounds: Bounds, told: Told) -> Result<Self, StoreError> {
        let connection = schema::open(place)?;
        let counted = "SELECT count(*), ifnull(sum(size), 0), ifnull(max(id), 0) FROM mail";
        let (messages, bytes, last): (i64, i64, i64) =
            connection.query_one(counted, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let indexed = connection.query_one("SELECT ifnull(max(id), 0) FROM facts", [], |row| row.get(0))?;
        let stats =
            Stats { messages: messages.cast_unsigned(), bytes: bytes.cast_unsigned(), ..Stats::default() };
        Ok(Self { connection, bounds, told, stats, last, indexed, keys: Keys::new()?, grown: 0 })
    }

    pub(super) fn close(self) {
        // The file is whole whether this succeeds or not.
        let _ = self.connection.close();
    }

    /// Keeps messages, all or none; their names, in the same order.
    pub(super) fn keep<'a>(
        &mut self,
        letters: impl ExactSizeIterator<Item = &'a Letter>,
    ) -> Result<Vec<String>, StoreError> {
        let now = Timestamp::now().as_millisecond();
        let mut keys = Vec::with_capacity(letters.len());
        let (mut bytes, mut id) = (0, self.last);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO mail VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
            for letter in letters {
                id += 1;
                let key = self.keys.next(now);
                let recipients = rows::text(&letter.recipients);
                let size = letter.bytes.len() as u64;
                insert.execute(params![
                    id,
                    key,
                    now,
                    size.cast_signed(),
                    letter.sender,
                    recipients,
                    letter.user,
                    letter.door,
                    &letter.bytes[..]
                ])?;
                bytes += size;
                keys.push(key);
            }
        }
        let (messages, all) = (self.stats.messages + keys.len() as u64, self.stats.bytes + bytes);
        let (gone, gone_bytes) = prune(&transaction, self.bounds, id, messages, all)?;
        transaction.commit()?;
        self.last = id;
        self.stats.messages = messages - gone;
        self.stats.bytes = all - gone_bytes;
        self.stats.accepted += keys.len() as u64;
        self.stats.accepted_bytes += bytes;
        self.stats.deleted += gone;
        self.grown += bytes + COMMIT;
        if gone > 0 {
            // Nobody may follow.
            let _ = self.told.news.send(News::Changed);
        }
        self.told.arrived.send_replace(id.cast_unsigned());
        Ok(keys)
    }

    /// Whether [`Shelf::settle`] has something to do, which may wait for the disk.
    pub(super) fn is_due(&self) -> bool {
        self.grown >= limits::JOURNAL
    }

    /// Puts what is in the journal into its place, where that has become much.
    pub(super) fn settle(&mut self) {
        if self.is_due() {
            // Where there is no room it stays where it is, and this is tried again after as much again.
            let _ = self.connection.query_one("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            self.grown = 0;
        }
    }

    /// The number of the last message.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// How many messages nobody has looked at, at most.
    pub(super) fn behind(&self) -> u64 {
        self.last.abs_diff(self.indexed)
    }

    /// Looks at some of them.
    pub(super) fn index_some(&mut self) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = index(&transaction, self.indexed, limits::INDEXED)?;
        transaction.commit()?;
        self.indexed = found.last().map_or(self.last, |facts| facts.id);
        self.grown += COMMIT + found.len() as u64 * FACTS;
        tell(&self.told, found);
        Ok(())
    }

    /// Does something with everything understood. Where that cannot be written, since the disk is full, it is there all
    /// the same until this is done.
    fn whole<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        // In steps: all of them at once would take as much memory as they have bytes.
        while self.behind() > 0 && self.index_some().is_ok() {}
        if self.behind() == 0 {
            return Ok(work(&self.connection)?);
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = index(&transaction, self.indexed, usize::MAX)?;
        let done = work(&transaction)?;
        if transaction.commit().is_ok() {
            self.indexed = self.last;
            tell(&self.told, found);
        }
        Ok(done)
    }
}

/// Looks at messages with higher numbers, at most so many.
fn index(connection: &Connection, after: i64, most: usize) -> rusqlite::Result<Vec<Facts>> {
    let sql = "SELECT id, key, received, sender, recipients, user, door, bytes FROM mail WHERE id > ? ORDER BY id LIMIT ?";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![after, i64::try_from(most).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let letter = Letter {
            sender: row.get(3)?,
            recipients: serde_json::from_str(row.get_ref(4)?.as_str()?).unwrap_or_default(),
            user: row.get(5)?,
            door: row.get(6)?,
            bytes: Bytes::copy_from_slice(row.get_ref(7)?.as_blob()?),
        };
        let facts = Facts::find(row.get(0)?, row.get_ref(1)?.as_str()?, row.get(2)?, &letter);
        super::rows::insert(connection, &facts)?;
        found.push(facts);
    }
    Ok(found)
}

fn tell(told: &Told, found: Vec<Facts>) {
    if told.news.receiver_count() == 0 {
        return;
    }
    for facts in found {
        // Whoever followed may have left since.
        let _ = told.news.send(News::Arrived(facts.into()));
    }
}

/// Removes the oldest messages until the rest is within bounds, but never the last one; how many, and their bytes.
fn prune(
    connection: &Connection,
    bounds: Bounds,
    last: i64,
    messages: u64,
    bytes: u64,
) -> rusqlite::Result<(u64, u64)> {
    let (mut gone, mut gone_bytes) = (0, 0);
    while messages - gone > bounds.messages || bytes - gone_bytes > bounds.bytes {
        let sql = "DELETE FROM mail WHERE id = (SELECT min(id) FROM mail) AND id < ? RETURNING id, size";
        let removed: Option<(i64, i64)> = connection
            .prepare_cached(sql)?
            .query_one([last], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((id, size)) = removed else { break };
        connection.prepare_cached("DELETE FROM facts WHERE id = ?")?.execute([id])?;
        gone += 1;
        gone_bytes += size.cast_unsigned();
    }
    Ok((gone, gone_bytes))
}

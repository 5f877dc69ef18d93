//! What the thread of the store does.
//!
//! Numbers and sizes of what is there are counted here and not asked for. What fails is undone as a whole.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use tokio::sync::{broadcast, watch};

use super::{
    Bounds, Facts, News, Place, StoreError,
    facts::tidy,
    keys::Keys,
    rows::{self, COLUMNS},
    schema,
};
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

    /// A piece of the list of all messages; `before` leaves out those that came at that time or later.
    ///
    /// # Errors
    /// The database's.
    pub fn list(&mut self, start: u64, limit: u64, before: Option<i64>) -> Result<Page, StoreError> {
        let stats = self.stats()?;
        let sql = format!("SELECT {COLUMNS} FROM facts WHERE received < ? ORDER BY id DESC LIMIT ? OFFSET ?");
        let messages = self.whole(|connection| {
            let values = params![before.unwrap_or(i64::MAX), limit.cast_signed(), start.cast_signed()];
            connection.prepare_cached(&sql)?.query_map(values, rows::facts)?.collect()
        })?;
        Ok(Page { messages, found: stats.messages, found_unread: stats.unread })
    }

    /// A piece of what a search finds.
    ///
    /// # Errors
    /// The database's.
    pub fn search(
        &mut self,
        query: &Query,
        start: u64,
        limit: u64,
        before: Option<i64>,
    ) -> Result<Page, StoreError> {
        let mut page = Page::default();
        self.each(before.unwrap_or(i64::MAX), |facts| {
            if query.matches(&facts) {
                if page.found >= start && (page.messages.len() as u64) < limit {
                    page.messages.push(facts.clone());
                }
                page.found += 1;
                page.found_unread += u64::from(!facts.read);
            }
        })?;
        Ok(page)
    }

    /// The oldest of the messages with higher numbers that a search finds, and the number of the last one looked at.
    ///
    /// # Errors
    /// The database's.
    pub fn first_after(&mut self, after: i64, query: &Query) -> Result<(Option<Facts>, i64), StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM facts WHERE id > ? ORDER BY id");
        let found = self.whole(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([after])?;
            while let Some(row) = rows.next()? {
                let facts = rows::facts(row)?;
                if query.matches(&facts) {
                    return Ok(Some(facts));
                }
            }
            Ok(None)
        })?;
        Ok((found, self.last))
    }

    /// A message by its name, or the newest one by the name `latest`, as it came.
    ///
    /// # Errors
    /// The database's.
    pub fn find(&mut self, key: &str) -> Result<Option<(Facts, Bytes)>, StoreError> {
        let latest = key == "latest";
        let sql = format!(
            "SELECT {COLUMNS} FROM facts WHERE {} ORDER BY id DESC LIMIT 1",
            if latest { "?1 = 'latest'" } else { "key = ?1" }
        );
        self.whole(|connection| {
            let facts = connection.prepare_cached(&sql)?.query_one([key], rows::facts).optional()?;
            let Some(facts) = facts else { return Ok(None) };
            let bytes = connection.prepare_cached("SELECT bytes FROM mail WHERE id = ?")?;
            let bytes: Vec<u8> = { bytes }.query_one([facts.id], |row| row.get(0))?;
            Ok(Some((facts, Bytes::from(bytes))))
        })
    }

    /// What is there in all.
    ///
    /// # Errors
    /// The database's.
    pub fn stats(&mut self) -> Result<Stats, StoreError> {
        let unread: i64 = self.whole(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM facts WHERE read = 0")?
                .query_one([], |row| row.get(0))
        })?;
        self.stats.unread = unread.cast_unsigned();
        Ok(self.stats)
    }

    /// Says that messages were read, or were not.
    ///
    /// # Errors
    /// The database's; then nothing is changed.
    pub fn mark(&mut self, which: &Selection, read: bool) -> Result<u64, StoreError> {
        let ids = self.ids(which)?;
        self.change(|connection| {
            let mut update =
                connection.prepare_cached("UPDATE facts SET read = ?1 WHERE id = ?2 AND read != ?1")?;
            let mut marked = 0;
            for id in &ids {
                marked += update.execute(params![read, id])? as u64;
            }
            let keys = keys(connection, &ids)?;
            Ok((marked, keys.map_or(News::Changed, |keys| News::Marked(keys.into(), read))))
        })
    }

    /// Removes messages; how many there were.
    ///
    /// # Errors
    /// The database's; then nothing is removed.
    pub fn delete(&mut self, which: &Selection) -> Result<u64, StoreError> {
        let ids = self.ids(which)?;
        let all = matches!(which, Selection::All);
        let (gone, bytes) = self.change(|connection| {
            let news = match keys(connection, &ids)? {
                _ if all => News::Emptied,
                Some(keys) => News::Removed(keys.into()),
                None => News::Changed,
            };
            let mut size = connection.prepare_cached("DELETE FROM mail WHERE id = ? RETURNING size")?;
            let mut facts = connection.prepare_cached("DELETE FROM facts WHERE id = ?")?;
            let (mut gone, mut bytes) = (0, 0);
            for id in &ids {
                if let Some(size) = size.query_one([id], |row| row.get::<_, i64>(0)).optional()? {
                    (gone, bytes) = (gone + 1, bytes + size.cast_unsigned());
                }
                facts.execute([id])?;
            }
            Ok(((gone, bytes), news))
        })?;
        self.stats.messages = self.stats.messages.saturating_sub(gone);
        self.stats.bytes = self.stats.bytes.saturating_sub(bytes);
        self.stats.deleted += gone;
        Ok(gone)
    }

    /// All tags, with how many messages have each, in order of the alphabet.
    ///
    /// # Errors
    /// The database's.
    pub fn tags(&mut self) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT value, count(*) FROM facts, json_each(facts.tags) GROUP BY value ORDER BY value COLLATE NOCASE";
        self.whole(|connection| {
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()));
            connection.prepare_cached(sql)?.query_map([], row)?.collect()
        })
    }

    /// Changes the tags of messages: `edit` is given those of each.
    ///
    /// # Errors
    /// The database's; then nothing is changed.
    pub fn retag(&mut self, which: &Selection, edit: impl Fn(&mut Vec<String>)) -> Result<(), StoreError> {
        let ids = self.ids(which)?;
        self.change(|connection| {
            let mut select = connection.prepare_cached("SELECT tags, key FROM facts WHERE id = ?")?;
            let mut update = connection.prepare_cached("UPDATE facts SET tags = ? WHERE id = ?")?;
            let mut told = Vec::new();
            for id in &ids {
                let (json, key): (String, _) =
                    select.query_one([id], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
                let mut tags = serde_json::from_str(&json).unwrap_or_default();
                edit(&mut tags);
                tidy(&mut tags);
                update.execute(params![rows::text(&tags), id])?;
                if told.len() <= limits::TOLD_APART {
                    told.push((key, tags));
                }
            }
            let apart = told.len() <= limits::TOLD_APART;
            Ok(((), if apart { News::Tagged(told.into()) } else { News::Changed }))
        })
    }

    /// The numbers of messages, as far as there are such.
    fn ids(&mut self, which: &Selection) -> Result<Vec<i64>, StoreError> {
        match which {
            Selection::All => self.whole(|connection| {
                connection.prepare_cached("SELECT id FROM facts")?.query_map([], |row| row.get(0))?.collect()
            }),
            Selection::Keys(keys) => self.whole(|connection| {
                let mut select = connection.prepare_cached("SELECT id FROM facts WHERE key = ?")?;
                let found = keys.iter().map(|key| select.query_one([key], |row| row.get(0)).optional());
                found.filter_map(Result::transpose).collect()
            }),
            Selection::Query(query) => {
                let mut ids = Vec::new();
                self.each(i64::MAX, |facts| {
                    if query.matches(&facts) {
                        ids.push(facts.id);
                    }
                })?;
                Ok(ids)
            }
        }
    }

    /// Shows all messages that came before a time, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub fn each(&mut self, before: i64, mut show: impl FnMut(Facts)) -> Result<(), StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM facts WHERE received < ? ORDER BY id DESC");
        self.whole(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([before])?;
            while let Some(row) = rows.next()? {
                show(rows::facts(row)?);
            }
            Ok(())
        })
    }

    /// Changes what is known, as a whole, and tells of it.
    fn change<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<(T, News)>,
    ) -> Result<T, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (done, news) = work(&transaction)?;
        transaction.commit()?;
        // Nobody may follow.
        let _ = self.told.news.send(news);
        Ok(done)
    }
}

/// The names of messages; `None` where they are more than are told one by one.
fn keys(connection: &Connection, ids: &[i64]) -> rusqlite::Result<Option<Vec<String>>> {
    if ids.len() > limits::TOLD_APART {
        return Ok(None);
    }
    let mut select = connection.prepare_cached("SELECT key FROM facts WHERE id = ?")?;
    ids.iter().map(|id| select.query_one([id], |row| row.get(0))).collect::<rusqlite::Result<_>>().map(Some)
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

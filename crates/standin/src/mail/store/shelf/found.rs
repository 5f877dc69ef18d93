//! What is asked of the messages that are kept.

use bytes::Bytes;
use rusqlite::{OptionalExtension as _, params};

use super::{Page, Shelf, Stats};
use crate::mail::{
    query::Query,
    store::{
        Facts, StoreError,
        rows::{self, COLUMNS},
    },
};

impl Shelf {
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
}

//! What is changed of the messages that are kept.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::{Selection, Shelf};
use crate::mail::{
    limits,
    store::{News, StoreError, facts::tidy, rows},
};

impl Shelf {
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

//! Words in heads and bodies: by the index, and where it is not made yet, by reading.

use std::collections::HashSet;

use rusqlite::params;

use super::{content, line::Reading, words};
use crate::capture::{
    CaptureError,
    assemble::record::State,
    store::index::{Indexed, head_text},
};

/// How much of bodies that are not indexed is read for one question, in one folder.
const BODY_BYTES: u64 = 4 << 20;

/// The heads and bodies that have what is searched for.
pub(super) struct Wanted {
    heads: HashSet<i64>,
    bodies: HashSet<i64>,
    /// What was not looked through.
    pub(super) note: Option<String>,
}

impl Wanted {
    /// Those of one folder.
    pub(super) fn of(reading: &Reading, text: &str) -> Result<Self, CaptureError> {
        let wanted = words::words(text);
        let mut found = Self { heads: HashSet::new(), bodies: HashSet::new(), note: None };
        if wanted.is_empty() {
            return Ok(found);
        }
        let indexed = Indexed::read(&reading.connection)?;
        let phrase = words::phrase(&wanted);
        for (table, into) in [("head_words", &mut found.heads), ("body_words", &mut found.bodies)] {
            let mut statement = reading
                .connection
                .prepare_cached(&format!("SELECT rowid FROM {table} WHERE {table} MATCH ?"))?;
            for row in statement.query_map([&phrase], |row| row.get(0))? {
                into.insert(row?);
            }
        }
        found.read_heads(reading, indexed.heads, &wanted)?;
        found.read_bodies(reading, indexed.bodies, &wanted)?;
        Ok(found)
    }

    /// The numbers of the exchanges between these two, both exclusive, that have it, the newest first, until `next` says
    /// that it is enough.
    pub(super) fn each(
        &self,
        reading: &Reading,
        [least, most]: [i64; 2],
        mut next: impl FnMut(i64) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<()> {
        let heads: &[&str] = if self.heads.is_empty() { &[] } else { &["request", "response"] };
        let bodies: &[&str] =
            if self.bodies.is_empty() { &[] } else { &["request_body", "response_body", "stream"] };
        let columns = [&["id"], heads, bodies].concat();
        if columns.len() == 1 {
            return Ok(());
        }
        let sql =
            format!("SELECT {} FROM exchanges WHERE id > ? AND id < ? ORDER BY id DESC", columns.join(", "));
        let mut statement = reading.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([least, most])?;
        let behind_heads = 1 + heads.len();
        while let Some(row) = rows.next()? {
            let is_in = |column: usize| {
                let set = if column < behind_heads { &self.heads } else { &self.bodies };
                let id = row.get_ref(column).and_then(|value| Ok(value.as_i64_or_null()?));
                matches!(id, Ok(Some(id)) if set.contains(&id))
            };
            if (1..columns.len()).any(is_in) && !next(row.get(0)?)? {
                break;
            }
        }
        Ok(())
    }

    fn read_heads(&mut self, reading: &Reading, from: i64, wanted: &[String]) -> Result<(), CaptureError> {
        let sql = "SELECT id, method, target, text FROM heads WHERE id > ?";
        let mut statement = reading.connection.prepare_cached(sql)?;
        let mut rows = statement.query([from])?;
        while let Some(row) = rows.next()? {
            let told =
                |column| row.get_ref(column).ok().and_then(|value| value.as_bytes().ok()).unwrap_or_default();
            let (method, target, text) = (told(1), told(2), told(3));
            if ![method, target, text].into_iter().any(|part| words::may(part, wanted)) {
                continue;
            }
            let string = |bytes| String::from_utf8_lossy(bytes);
            let text = head_text(&string(method), &string(target), (!text.is_empty()).then_some(text));
            if words::has(&text, wanted) {
                self.heads.insert(row.get(0)?);
            }
        }
        Ok(())
    }

    fn read_bodies(&mut self, reading: &Reading, from: i64, wanted: &[String]) -> Result<(), CaptureError> {
        let sql = "SELECT id, front, state FROM bodies WHERE id > ? ORDER BY id DESC";
        let mut statement = reading.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![from])?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            if !State::of(row.get(2)?).text {
                continue;
            }
            read += row.get::<_, i64>(1)? as u64;
            if read > BODY_BYTES {
                self.note =
                    Some("the oldest of the new bodies are not searched before they are indexed".to_owned());
                break;
            }
            let id = row.get(0)?;
            if let Ok(content) = content(reading, id)
                && words::may(&content.front, wanted)
                && words::has(&String::from_utf8_lossy(&content.front), wanted)
            {
                self.bodies.insert(id);
            }
        }
        Ok(())
    }
}

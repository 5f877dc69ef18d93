//! Words in heads and bodies: by the index, and where it is not made yet, by reading.

use std::collections::HashSet;

use rusqlite::params;

use super::{
    content,
    line::{Line, Reading},
    words,
};
use crate::capture::{
    CaptureError,
    assemble::record::State,
    store::index::{Indexed, head_text},
};

/// How much of bodies that are not indexed is read for one question, in one folder.
const BODY_BYTES: u64 = 16 << 20;

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

    /// Whether an exchange has it.
    pub(super) fn has(&self, line: &Line) -> bool {
        let head = |id: Option<i64>| id.is_some_and(|id| self.heads.contains(&id));
        let body = |id: &Option<i64>| id.is_some_and(|id| self.bodies.contains(&id));
        head(line.request) || head(line.response) || line.bodies.iter().any(body)
    }

    fn read_heads(&mut self, reading: &Reading, from: i64, wanted: &[String]) -> Result<(), CaptureError> {
        let sql = "SELECT id, method, target, text FROM heads WHERE id > ?";
        let mut statement = reading.connection.prepare_cached(sql)?;
        let mut rows = statement.query([from])?;
        while let Some(row) = rows.next()? {
            let text: Option<Vec<u8>> = row.get(3)?;
            let text = head_text(
                row.get_ref(1)?.as_str().unwrap_or(""),
                row.get_ref(2)?.as_str().unwrap_or(""),
                text.as_deref(),
            );
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
                && words::has(&String::from_utf8_lossy(&content.front), wanted)
            {
                self.bodies.insert(id);
            }
        }
        Ok(())
    }
}

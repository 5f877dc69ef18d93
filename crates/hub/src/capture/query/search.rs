//! Words in heads and bodies: by the index, and where it is not made yet, by reading.
//!
//! What is newest is read first, and no more of it than the answer needs: whoever looks for a word that all have is not to
//! wait for the oldest. Where the newest do not have it and there is much more, other threads read bodies and the older
//! half of the heads meanwhile, each with a connection of its own.

use std::{
    collections::HashSet,
    hash::BuildHasherDefault,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use rusqlite::{Row, params};

use super::{line::Reading, words::Phrase};
use crate::capture::{
    CaptureError,
    assemble::record::State,
    known::Hashed,
    store::{
        index::{Indexed, head_text},
        segment::Place,
    },
};

/// How much of bodies that are not indexed is read for one question, in one folder.
const BODY_BYTES: u64 = 4 << 20;

/// How many heads are read at once: one that is further down is read alone, as many exchanges may refer to an old one.
const STEP: i64 = 1024;

/// How many steps are made before others are asked to help, and how many heads must be left then: whoever finds enough
/// among the newest needs no help, and a thread costs as much as some hundred heads.
const ALONE: usize = 4;
const MANY: i64 = 8 * STEP;

type Numbers = HashSet<i64, BuildHasherDefault<Hashed>>;

/// The heads and bodies that have what is searched for.
pub(super) struct Wanted {
    phrase: Phrase,
    heads: Heads,
    bodies: Numbers,
    /// What was not looked through.
    pub(super) note: Option<String>,
}

/// Heads, in their order.
struct Heads {
    /// Those that have it, as far as is known.
    found: Numbers,
    /// Up to here the index tells.
    indexed: i64,
    /// From here on they have been read.
    read: i64,
    /// Those between them that have been read alone.
    alone: Numbers,
}

/// Bodies that are not indexed and have it, and what of them was not looked through.
#[derive(Default)]
struct Bodies {
    found: Numbers,
    note: Option<String>,
}

impl Wanted {
    /// Those of one folder, of which the answer has so many at most.
    pub(super) fn of(reading: &Reading, text: &str, most: usize) -> Result<Self, CaptureError> {
        let phrase = Phrase::of(text);
        let Indexed { heads, bodies } = Indexed::read(&reading.connection)?;
        let heads =
            Heads { found: Numbers::default(), indexed: heads, read: i64::MAX, alone: Numbers::default() };
        let mut found = Self { phrase, heads, bodies: Numbers::default(), note: None };
        if found.phrase.is_empty() {
            found.heads.read = found.heads.indexed;
            return Ok(found);
        }
        let question = found.phrase.question();
        for (table, into) in [("head_words", &mut found.heads.found), ("body_words", &mut found.bodies)] {
            let mut statement = reading
                .connection
                .prepare_cached(&format!("SELECT rowid FROM {table} WHERE {table} MATCH ?"))?;
            for row in statement.query_map([&question], |row| row.get(0))? {
                into.insert(row?);
            }
        }
        found.read(reading, bodies, most)?;
        Ok(found)
    }

    /// Reads what is not indexed: bodies from this one on, and as many heads as the answer may need.
    fn read(&mut self, reading: &Reading, bodies: i64, most: usize) -> Result<(), CaptureError> {
        let Self { phrase, heads, .. } = self;
        let (phrase, known) = (&*phrase, heads.found.len());
        let needs_more = |heads: &Heads| heads.is_unread() && heads.found.len() - known <= most;
        for _ in 0..ALONE {
            if needs_more(heads) {
                heads.step(reading, phrase)?;
            }
        }
        let found = if needs_more(heads) && heads.read - heads.indexed > MANY {
            together(heads, reading, phrase, bodies, needs_more)?
        } else {
            Bodies::read(reading, phrase, bodies)?
        };
        while needs_more(heads) {
            heads.step(reading, phrase)?;
        }
        (self.bodies, self.note) = (found.found.union(&self.bodies).copied().collect(), found.note);
        Ok(())
    }

    /// The numbers of the exchanges between these two, both exclusive, that have it, the newest first, until `next` says
    /// that it is enough.
    pub(super) fn each(
        &mut self,
        reading: &Reading,
        [least, most]: [i64; 2],
        mut next: impl FnMut(i64) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<()> {
        // As long as heads are unread each may have it; after that most rows are passed over where they lie.
        let heads = if self.heads.is_unread() { [0, i64::MAX] } else { ends(&self.heads.found) };
        let bodies = ends(&self.bodies);
        if [heads, bodies].iter().all(|[first, last]| first > last) {
            return Ok(());
        }
        let sql = format!(
            "SELECT id, request, response, request_body, response_body, stream FROM exchanges
            WHERE id > ? AND id < ? AND ({} OR {}) ORDER BY id DESC",
            within(heads, &["request", "response"]),
            within(bodies, &["request_body", "response_body", "stream"]),
        );
        let mut statement = reading.connection.prepare(&sql)?;
        let mut rows = statement.query([least, most])?;
        while let Some(row) = rows.next()? {
            let mut has = false;
            for column in 1..6 {
                let Some(id) = row.get::<_, Option<i64>>(column)? else { continue };
                has = match column {
                    1 | 2 => self.heads.has(reading, &self.phrase, id)?,
                    _ => self.bodies.contains(&id),
                };
                if has {
                    break;
                }
            }
            if has && !next(row.get(0)?)? {
                break;
            }
        }
        Ok(())
    }
}

/// Reads the newer half of the heads here, and meanwhile the older half and the bodies.
fn together(
    heads: &mut Heads,
    reading: &Reading,
    phrase: &Phrase,
    bodies: i64,
    needs_more: impl Fn(&Heads) -> bool,
) -> Result<Bodies, CaptureError> {
    let middle = heads.indexed + (heads.read - heads.indexed) / 2;
    let (folder, enough) = (&reading.folder, &AtomicBool::new(false));
    let indexed = heads.indexed;
    thread::scope(|scope| {
        let older = scope.spawn(move || {
            let (found, alone) = Default::default();
            let mut older = Heads { found, indexed, read: middle, alone };
            let Some(reading) = Reading::open(folder)? else { return Ok(older) };
            while older.is_unread() && !enough.load(Ordering::Relaxed) {
                older.step(&reading, phrase)?;
            }
            Ok::<_, CaptureError>(older)
        });
        let bodies = scope.spawn(move || match Reading::open(folder)? {
            Some(reading) => Bodies::read(&reading, phrase, bodies),
            None => Ok(Bodies::default()),
        });
        let mut read = Ok(());
        // The step that reaches the middle goes a little beyond it.
        while heads.read > middle && needs_more(heads) && read.is_ok() {
            read = heads.step(reading, phrase);
        }
        enough.store(heads.read > middle, Ordering::Relaxed);
        // Who panicked has found nothing, and what it should have read is read where it is asked for.
        if let Ok(older) = older.join() {
            let older = older?;
            heads.found.extend(&older.found);
            if heads.read <= middle {
                heads.read = heads.read.min(older.read);
            }
        }
        read?;
        bodies.join().unwrap_or_else(|_| Ok(Bodies::default()))
    })
}

impl Bodies {
    /// Reads the newest bodies, down to this one.
    fn read(reading: &Reading, wanted: &Phrase, from: i64) -> Result<Self, CaptureError> {
        let sql = "SELECT id, front, state, segment, frame, at FROM bodies WHERE id > ? ORDER BY id DESC";
        let mut statement = reading.connection.prepare_cached(sql)?;
        let mut rows = statement.query([from])?;
        let (mut bodies, mut read) = (Self::default(), 0);
        while let Some(row) = rows.next()? {
            if !State::of(row.get(2)?).text {
                continue;
            }
            let number = |column| row.get::<_, i64>(column).map(|number| number as u64);
            let length = number(1)?;
            read += length;
            if read > BODY_BYTES {
                let note = "the oldest of the new bodies are not searched before they are indexed";
                bodies.note = Some(note.to_owned());
                break;
            }
            let place = Place { segment: row.get(3)?, frame: number(4)?, at: number(5)? };
            let has = |front: &[u8]| wanted.may_be_in(front) && wanted.is_in(&String::from_utf8_lossy(front));
            // One that cannot be read is not found.
            if reading.look(place, length, has).unwrap_or(false) {
                bodies.found.insert(row.get(0)?);
            }
        }
        Ok(bodies)
    }
}

impl Heads {
    fn is_unread(&self) -> bool {
        self.read > self.indexed
    }

    /// Whether one has it.
    fn has(&mut self, reading: &Reading, wanted: &Phrase, id: i64) -> rusqlite::Result<bool> {
        while self.indexed < id && id < self.read && self.read - id <= STEP {
            self.step(reading, wanted)?;
        }
        if self.indexed < id && id < self.read && self.alone.insert(id) {
            self.look(reading, wanted, [id - 1, id + 1])?;
        }
        Ok(self.found.contains(&id))
    }

    /// Reads some more, the newest of those that are left.
    fn step(&mut self, reading: &Reading, wanted: &Phrase) -> rusqlite::Result<()> {
        let last = self.look(reading, wanted, [self.indexed, self.read])?;
        self.read = last.unwrap_or(self.indexed);
        Ok(())
    }

    /// Reads those between these two, both exclusive, from the newest on and not too many. Gives the last; `None` when
    /// there is no other one.
    fn look(
        &mut self,
        reading: &Reading,
        wanted: &Phrase,
        [least, most]: [i64; 2],
    ) -> rusqlite::Result<Option<i64>> {
        let sql =
            "SELECT id, method, target, text FROM heads WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?";
        let mut statement = reading.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![least, most, STEP])?;
        let (mut last, mut count) = (None, 0);
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            (last, count) = (Some(id), count + 1);
            if has(row, wanted) {
                self.found.insert(id);
            }
        }
        Ok(last.filter(|_| count == STEP))
    }
}

/// The first and the last of these numbers; none lies between those of an empty set.
fn ends(all: &Numbers) -> [i64; 2] {
    let (first, last) = (all.iter().min(), all.iter().max());
    first.zip(last).map_or([1, 0], |(first, last)| [*first, *last])
}

/// That one of these columns lies between two numbers. What cannot be is not even looked at.
fn within([first, last]: [i64; 2], columns: &[&str]) -> String {
    if first > last {
        return "FALSE".to_owned();
    }
    let each = columns.iter().map(|column| format!("{column} BETWEEN {first} AND {last}"));
    each.collect::<Vec<_>>().join(" OR ")
}

/// Whether a row of the heads has these words.
fn has(row: &Row<'_>, wanted: &Phrase) -> bool {
    let told = |column| row.get_ref(column).ok().and_then(|value| value.as_bytes().ok()).unwrap_or_default();
    let (method, target, text) = (told(1), told(2), told(3));
    if ![method, target, text].into_iter().any(|part| wanted.may_be_in(part)) {
        return false;
    }
    let string = |bytes| String::from_utf8_lossy(bytes);
    wanted.is_in(&head_text(&string(method), &string(target), (!text.is_empty()).then_some(text)))
}

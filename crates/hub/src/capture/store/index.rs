//! The index of words, made while nothing else is to be done.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::segment::{Frames, Place};
use crate::capture::{
    CaptureError,
    assemble::record::State,
    limits::{INDEX_BODY, INDEX_BYTES, INDEX_STEP},
};

/// Up to which rows words are indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Indexed {
    pub(crate) heads: i64,
    pub(crate) bodies: i64,
}

impl Indexed {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_one("SELECT heads, bodies FROM indexed", [], |row| {
            Ok(Self { heads: row.get(0)?, bodies: row.get(1)? })
        })
    }
}

/// Indexes a few heads more, or when all are, a few bodies. Tells whether there may be others.
pub(super) fn step(connection: &mut Connection, folder: &Path) -> Result<bool, CaptureError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let so_far = Indexed::read(&transaction)?;
    let Indexed { mut heads, mut bodies } = so_far;
    let count = heads_from(&transaction, &mut heads)?;
    if count == 0 {
        bodies_from(&transaction, folder, &mut bodies)?;
    }
    let indexed = Indexed { heads, bodies };
    if indexed == so_far {
        return Ok(false);
    }
    transaction.execute("UPDATE indexed SET heads = ?, bodies = ?", params![heads, bodies])?;
    transaction.commit()?;
    Ok(true)
}

fn heads_from(transaction: &Transaction<'_>, last: &mut i64) -> rusqlite::Result<usize> {
    let mut wanted =
        transaction.prepare_cached("SELECT id, method, target, text FROM heads WHERE id > ? LIMIT ?")?;
    let mut insert = transaction.prepare_cached("INSERT INTO head_words(rowid, text) VALUES (?, ?)")?;
    let mut rows = wanted.query(params![*last, INDEX_STEP as i64])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        *last = row.get(0)?;
        let text: Option<Vec<u8>> = row.get(3)?;
        insert.execute(params![
            *last,
            head_text(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?, text.as_deref())
        ])?;
        count += 1;
    }
    Ok(count)
}

/// What is searched of a head.
pub(crate) fn head_text(method: &str, target: &str, text: Option<&[u8]>) -> String {
    match text {
        // The line has the method; the target has the host as well, and stands there as the line has it.
        Some(text) => format!("{target}\n{}", String::from_utf8_lossy(text)),
        None => format!("{method} {target}"),
    }
}

fn bodies_from(transaction: &Transaction<'_>, folder: &Path, last: &mut i64) -> rusqlite::Result<()> {
    let mut wanted = transaction
        .prepare_cached("SELECT id, segment, frame, at, front, state FROM bodies WHERE id > ? LIMIT ?")?;
    let mut insert = transaction.prepare_cached("INSERT INTO body_words(rowid, text) VALUES (?, ?)")?;
    let mut rows = wanted.query(params![*last, INDEX_STEP as i64])?;
    let (mut frames, mut read) = (Frames::new(folder), 0);
    while read < INDEX_BYTES
        && let Some(row) = rows.next()?
    {
        *last = row.get(0)?;
        let place = Place {
            segment: row.get(1)?,
            frame: row.get::<_, i64>(2)? as u64,
            at: row.get::<_, i64>(3)? as u64,
        };
        let length = (row.get::<_, i64>(4)? as u64).min(INDEX_BODY as u64);
        // One that cannot be read is not found, and stands in nobody's way.
        if State::of(row.get(5)?).text
            && let Ok(bytes) = frames.read(place, length)
        {
            read += bytes.len();
            insert.execute(params![*last, String::from_utf8_lossy(bytes)])?;
        }
    }
    Ok(())
}

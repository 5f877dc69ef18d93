//! Rows: facts in and out of their table.

use rusqlite::{Connection, Row, params};

use super::Facts;

/// The columns of [`Facts`], in the order that [`facts`] reads them in.
pub(super) const COLUMNS: &str =
    "id, key, received, size, read, attachments, inline, tags, message_id, subject, known, words";

/// What a row says.
pub(super) fn facts(row: &Row<'_>) -> rusqlite::Result<Facts> {
    let json = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    // Both were written by us; where a file was changed by another, less is known.
    let (tags, known) = (json(7)?, json(10)?);
    Ok(Facts {
        id: row.get(0)?,
        key: row.get(1)?,
        received: row.get(2)?,
        size: row.get::<_, i64>(3)?.cast_unsigned(),
        read: row.get(4)?,
        attachments: row.get(5)?,
        inline: row.get(6)?,
        tags: serde_json::from_str(tags).unwrap_or_default(),
        message_id: row.get(8)?,
        subject: row.get(9)?,
        known: serde_json::from_str(known).unwrap_or_default(),
        words: row.get(11)?,
    })
}

/// Writes what is known of a message.
pub(super) fn insert(connection: &Connection, facts: &Facts) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    connection.prepare_cached(sql)?.execute(params![
        facts.id,
        facts.key,
        facts.received,
        facts.size.cast_signed(),
        facts.read,
        facts.attachments,
        facts.inline,
        text(&facts.tags),
        facts.message_id,
        facts.subject,
        text(&facts.known),
        facts.words,
    ])?;
    Ok(())
}

/// JSON of what is only text and lists, and so can always be written.
pub(super) fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

//! Tables: messages as they came, and what is known of them.
//!
//! They are two, so that a message is kept with one row, and a list is made without reading any message. No number is
//! given twice while the process lives.

use rusqlite::{Connection, OpenFlags};

use super::{Place, StoreError};

/// The number of this arrangement; a file with another one is not touched.
const VERSION: i64 = 1;

/// What marks a file as ours: "nvml".
const APPLICATION: i64 = 0x6e76_6d6c;

const TABLES: &str = "
    CREATE TABLE mail(id INTEGER PRIMARY KEY, key TEXT NOT NULL, received INT NOT NULL, size INT NOT NULL,
        sender TEXT NOT NULL, recipients TEXT NOT NULL, user TEXT, door TEXT, bytes BLOB NOT NULL) STRICT;
    CREATE TABLE facts(id INTEGER PRIMARY KEY, key TEXT NOT NULL, received INT NOT NULL, size INT NOT NULL,
        read INT NOT NULL, attachments INT NOT NULL, inline INT NOT NULL, tags TEXT NOT NULL, message_id TEXT NOT NULL,
        subject TEXT NOT NULL, known TEXT NOT NULL, words TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX facts_key ON facts(key);
    CREATE INDEX facts_unread ON facts(id) WHERE read = 0;
";

/// Opens the database, and makes its tables where there are none.
pub(super) fn open(place: &Place) -> Result<Connection, StoreError> {
    let connection = match place {
        Place::Memory => {
            let connection = Connection::open_in_memory()?;
            connection.execute_batch("PRAGMA journal_mode = MEMORY;")?;
            connection
        }
        Place::File(path) => {
            let unusable = |why| StoreError::Unusable { file: path.display().to_string(), why };
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            // One process at a time, so that nothing is shared with others and none sees half of it. The journal is emptied
            // by `Shelf::settle`; at 256 MiB, when that has failed, by SQLite.
            let journal = connection.execute_batch(
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 16384; PRAGMA journal_size_limit = 67108864;",
            );
            journal.map_err(|error| match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                    unusable("another process has it open")
                }
                Some(rusqlite::ErrorCode::NotADatabase) => unusable("it is no database"),
                _ => error.into(),
            })?;
            let (version, application) =
                (pragma(&connection, "user_version")?, pragma(&connection, "application_id")?);
            let tables: i64 =
                connection.query_one("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if tables > 0 && (version != VERSION || application != APPLICATION) {
                return Err(unusable("it is of another program, or of another version of this one"));
            }
            connection
        }
    };
    connection
        .execute_batch("PRAGMA cache_size = -8192; PRAGMA cache_spill = OFF; PRAGMA temp_store = MEMORY;")?;
    connection.set_prepared_statement_cache_capacity(32);
    if pragma(&connection, "user_version")? == 0 {
        connection.execute_batch(&format!(
            "BEGIN; {TABLES} PRAGMA user_version = {VERSION}; PRAGMA application_id = {APPLICATION}; COMMIT;"
        ))?;
    }
    Ok(connection)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

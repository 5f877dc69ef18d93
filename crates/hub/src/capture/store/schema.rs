//! Tables of one folder.
//!
//! Rows are small, since what repeats itself (heads, bodies, connections, routes) stands once and is referred to. Nothing
//! is unique but the keys, and hardly another index is kept: whatever is asked for reads the table of exchanges in its order. What
//! a search looks at stands in front, since reading a row ends at the last column that is asked for.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// The number of this arrangement. A folder with another one is left alone until it is old enough to go.
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE heads(id INTEGER PRIMARY KEY, method TEXT, target TEXT, text BLOB) STRICT;
    CREATE TABLE bodies(id INTEGER PRIMARY KEY, segment INT, frame INT, at INT, front INT, back INT, size INT,
        digest BLOB, state INT) STRICT;
    CREATE TABLE peers(id INTEGER PRIMARY KEY, address TEXT, pid INT, program TEXT, project TEXT) STRICT;
    CREATE TABLE routes(id INTEGER PRIMARY KEY, name TEXT) STRICT;
    CREATE TABLE exchanges(id INTEGER PRIMARY KEY, request INT, response INT, request_body INT, response_body INT,
        stream INT, protocol INT, outcome INT, route INT, started INT, wait INT, took INT, client INT, server INT,
        status INT, error TEXT, sent INT, received INT, lost INT, caused_by INT, more BLOB) STRICT;
    CREATE TABLE indexed(heads INT, bodies INT) STRICT;
    CREATE TABLE before(last INT) STRICT;
    INSERT INTO indexed VALUES (0, 0);
    CREATE VIRTUAL TABLE head_words USING fts5(text, content='', columnsize=0,
        tokenize=\"unicode61 remove_diacritics 0\");
    CREATE VIRTUAL TABLE body_words USING fts5(text, content='', columnsize=0,
        tokenize=\"unicode61 remove_diacritics 0\");
";

/// What may have caused what, where several may have; folders that were made before this was told have none.
const MAYBE: &str = "
    CREATE TABLE IF NOT EXISTS maybe_caused(cause INT, id INT, PRIMARY KEY (cause, id)) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS maybe_caused_by ON maybe_caused(id);
";

/// Opens the database of a folder to write it, and makes its tables where there are none. `last` is the number of the
/// last exchange there was before it.
pub(super) fn writer(file: &Path, last: u64) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags)?;
    // A transaction that was committed survives its process. One that the machine has lost was traffic of its last
    // seconds, and is not worth a wait for the disk each time.
    connection.execute_batch(
        "PRAGMA page_size = 16384; PRAGMA wal_autocheckpoint = 250; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = 4194304; PRAGMA secure_delete = ON;",
    )?;
    connection.busy_timeout(super::BUSY)?;
    connection.set_prepared_statement_cache_capacity(32);
    if version(&connection)? == 0 {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.execute("INSERT INTO before VALUES (?)", [last as i64])?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    if is_ours(&connection)? {
        connection.execute_batch(MAYBE)?;
    }
    Ok(connection)
}

/// Opens the database of a folder to read it; `None` when it is of another arrangement.
pub(crate) fn reader(file: &Path) -> rusqlite::Result<Option<Connection>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;")?;
    connection.busy_timeout(super::BUSY)?;
    Ok((version(&connection)? == VERSION).then_some(connection))
}

/// Whether a database has the tables of this arrangement.
pub(super) fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version(connection)? == VERSION)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

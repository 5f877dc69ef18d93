//! One row of the exchanges, and what it refers to, looked up only when somebody asks.

use std::{cell::RefCell, collections::HashMap, hash::BuildHasherDefault, io, sync::Arc};

use navyd_model::{
    exchange::{Outcome, Party, Protocol, Summary},
    filter::{Field, Pattern, Subject, is_host},
};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::capture::{
    CaptureError,
    assemble::{
        head,
        record::{More, fault_names, milliseconds},
    },
    known::Hashed,
    store::{
        folder::Folder,
        schema,
        segment::{Frames, Place},
    },
};

/// The columns that [`Line::of`] reads.
pub(super) const COLUMNS: &str = "id, protocol, outcome, route, started, wait, took, client, server, request, response, \
    request_body, response_body, stream, status, sent, received, lost, caused_by, error, more";

/// How many heads or peers are remembered while one question is answered.
const REMEMBERED: usize = 4096;

/// A folder that is read.
pub(super) struct Reading {
    pub(super) connection: Connection,
    /// Where it is, for another thread.
    pub(super) folder: Folder,
    frames: RefCell<Frames>,
    heads: Names<Named>,
    peers: Names<Party>,
    routes: Names<String>,
}

type Names<T> = RefCell<HashMap<i64, Arc<T>, BuildHasherDefault<Hashed>>>;

/// What a head is shown as in a line.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) method: String,
    pub(super) target: String,
}

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: u64,
    pub(super) protocol: Protocol,
    pub(super) outcome: Outcome,
    pub(super) route: i64,
    pub(super) started: i64,
    pub(super) wait: Option<i64>,
    pub(super) took: Option<i64>,
    client: i64,
    server: Option<i64>,
    pub(super) request: Option<i64>,
    pub(super) response: Option<i64>,
    pub(super) bodies: [Option<i64>; 3],
    pub(super) status: Option<u16>,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) lost: u64,
    caused_by: Option<u64>,
    error: Option<String>,
    more: Option<Vec<u8>>,
}

impl Reading {
    /// Opens a folder; `None` when it has nothing that can be read here: it is new, of another arrangement, or gone.
    pub(super) fn open(folder: &Folder) -> Result<Option<Self>, CaptureError> {
        let file = folder.database();
        let connection = match schema::reader(&file) {
            Ok(Some(connection)) => connection,
            Ok(None) => return Ok(None),
            Err(_) if !file.exists() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (heads, peers, routes) = Default::default();
        let frames = RefCell::new(Frames::new(&folder.path));
        Ok(Some(Self { connection, folder: folder.clone(), frames, heads, peers, routes }))
    }

    /// Method and target of a head.
    pub(super) fn named(&self, head: Option<i64>) -> Arc<Named> {
        self.find(&self.heads, head, "SELECT method, target FROM heads WHERE id = ?", |row| {
            Ok(Named { method: row.get(0)?, target: row.get(1)? })
        })
    }

    /// The lines of a head.
    pub(super) fn head(&self, head: Option<i64>) -> Vec<u8> {
        let read =
            || self.one("SELECT text FROM heads WHERE id = ?", head?, |row| row.get::<_, Option<Vec<u8>>>(0));
        read().flatten().unwrap_or_default()
    }

    pub(super) fn route(&self, route: i64) -> Arc<String> {
        self.find(&self.routes, Some(route), "SELECT name FROM routes WHERE id = ?", |row| row.get(0))
    }

    fn party(&self, peer: Option<i64>) -> Arc<Party> {
        self.find(&self.peers, peer, "SELECT address, pid, program, project FROM peers WHERE id = ?", |row| {
            let address: String = row.get(0)?;
            Ok(Party {
                address: address.parse().ok(),
                pid: row.get(1)?,
                program: row.get(2)?,
                project: row.get(3)?,
            })
        })
    }

    fn find<T: Default>(
        &self,
        names: &Names<T>,
        id: Option<i64>,
        sql: &str,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Arc<T> {
        let Some(id) = id else { return Arc::default() };
        if let Some(found) = names.borrow().get(&id) {
            return Arc::clone(found);
        }
        let found = Arc::new(self.one(sql, id, read).unwrap_or_default());
        let mut names = names.borrow_mut();
        if names.len() >= REMEMBERED {
            names.clear();
        }
        names.insert(id, Arc::clone(&found));
        found
    }

    /// So many bytes of a body.
    pub(super) fn bytes(&self, place: Place, length: u64) -> io::Result<Vec<u8>> {
        self.look(place, length, <[u8]>::to_vec)
    }

    /// Looks at so many bytes of a body where they are.
    pub(super) fn look<T>(&self, place: Place, length: u64, at: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
        self.frames.borrow_mut().read(place, length).map(at)
    }

    /// A row that is not there, or cannot be read, is told as unknown: the rest of the exchange stands.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        id: i64,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Option<T> {
        self.connection.prepare_cached(sql).ok()?.query_row([id], read).optional().ok().flatten()
    }
}

impl Line {
    /// From the [`COLUMNS`].
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let count = |at| row.get::<_, i64>(at).map(|count| count as u64);
        let one_of = |at| row.get::<_, i64>(at).map(|number| number as usize);
        Ok(Self {
            id: count(0)?,
            protocol: PROTOCOLS.get(one_of(1)?).copied().unwrap_or(Protocol::Tcp),
            outcome: OUTCOMES.get(one_of(2)?).copied().unwrap_or(Outcome::Open),
            route: row.get(3)?,
            started: row.get(4)?,
            wait: row.get(5)?,
            took: row.get(6)?,
            client: row.get(7)?,
            server: row.get(8)?,
            request: row.get(9)?,
            response: row.get(10)?,
            bodies: [row.get(11)?, row.get(12)?, row.get(13)?],
            status: row.get(14)?,
            sent: count(15)?,
            received: count(16)?,
            lost: count(17)?,
            caused_by: row.get::<_, Option<i64>>(18)?.map(|id| id as u64),
            error: row.get(19)?,
            more: row.get(20)?,
        })
    }

    pub(super) fn more(&self) -> More {
        self.more.as_deref().and_then(|more| serde_json::from_slice(more).ok()).unwrap_or_default()
    }

    /// In one line.
    pub(super) fn summary(&self, reading: &Reading) -> Summary {
        let named = reading.named(self.request);
        Summary {
            id: self.id,
            protocol: self.protocol,
            route: reading.route(self.route).to_string(),
            started: jiff::Timestamp::from_microsecond(self.started).unwrap_or_default(),
            wait_ms: self.wait.map(milliseconds),
            took_ms: self.took.map(milliseconds),
            client: (*reading.party(Some(self.client))).clone(),
            server: (*reading.party(self.server)).clone(),
            method: named.method.clone(),
            target: named.target.clone(),
            status: self.status,
            outcome: self.outcome,
            error: self.error.clone(),
            sent: self.sent,
            received: self.received,
            lost: self.lost,
            faults: if self.more.is_some() { fault_names(&self.more().hits) } else { Vec::new() },
            caused_by: self.caused_by,
        }
    }
}

/// A row, and where it refers to.
pub(super) struct Seen<'a>(pub(super) &'a Line, pub(super) &'a Reading);

/// As its summary, without making one: most rows are looked at and passed over. Headers are known, bodies are not.
impl Subject for Seen<'_> {
    fn number(&self, field: Field) -> Option<f64> {
        let Self(line, _) = self;
        let number = match field {
            Field::Id => line.id as f64,
            Field::Status => line.status.map_or(f64::NAN, f64::from),
            Field::Took => line.took.map(milliseconds)?,
            Field::Wait => line.wait.map_or(f64::NAN, milliseconds),
            Field::Size => line.sent as f64 + line.received as f64,
            Field::Sent => line.sent as f64,
            Field::Received => line.received as f64,
            Field::Lost => line.lost as f64,
            Field::CausedBy => line.caused_by.map_or(f64::NAN, |id| id as f64),
            Field::Since | Field::Until => line.started.div_euclid(1000) as f64,
            _ => f64::NAN,
        };
        Some(number)
    }

    fn text(&self, field: Field, sub: Option<&str>, pattern: &Pattern) -> Option<bool> {
        let Self(line, reading) = self;
        let is = match field {
            Field::Protocol => pattern.matches(line.protocol.as_str()),
            Field::Outcome => pattern.matches(line.outcome.as_str()),
            Field::Method => pattern.matches(&reading.named(line.request).method),
            Field::Target => pattern.matches(&reading.named(line.request).target),
            Field::Route => is_host(&reading.route(line.route), pattern),
            Field::Error => line.error.as_deref().is_some_and(|error| pattern.matches(error)),
            Field::Fault if line.more.is_none() => false,
            Field::Header => {
                [line.request, line.response].into_iter().any(|head| {
                    let (_, fields) = head::lines(&reading.head(head));
                    has_field(&fields, sub, pattern)
                }) || line.more.is_some() && {
                    let more = line.more();
                    has_field(&more.request_trailers, sub, pattern)
                        || has_field(&more.response_trailers, sub, pattern)
                }
            }
            _ => return line.summary(reading).text(field, sub, pattern),
        };
        Some(is)
    }
}

fn has_field(fields: &[(String, String)], sub: Option<&str>, pattern: &Pattern) -> bool {
    fields.iter().any(|(name, value)| match sub {
        Some(sub) => name.eq_ignore_ascii_case(sub) && pattern.matches(value),
        None => pattern.matches(value) || pattern.matches(name),
    })
}

/// As numbered on the disk.
const PROTOCOLS: [Protocol; 10] = Protocol::ALL;
const OUTCOMES: [Outcome; 7] = [
    Outcome::Open,
    Outcome::Complete,
    Outcome::ClientLeft,
    Outcome::ServerLeft,
    Outcome::Unreached,
    Outcome::Fault,
    Outcome::Unknown,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_the_disk_are_read_as_they_were_written() {
        for (number, protocol) in PROTOCOLS.into_iter().enumerate() {
            assert_eq!(protocol as usize, number);
        }
        for (number, outcome) in OUTCOMES.into_iter().enumerate() {
            assert_eq!(outcome as usize, number);
        }
    }
}

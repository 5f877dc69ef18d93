//! The rows of an exchange: what repeats itself once, and the rest in one row.

use std::{collections::HashMap, io, path::Path, sync::Arc};

use rusqlite::{CachedStatement, Transaction, params};

use super::{Next, segment::Segments};
use crate::capture::{
    CaptureError,
    assemble::{
        head::Head,
        record::{Content, Peer, Record},
    },
    attribute::cause::Found,
};

/// Writes rows within one transaction.
pub(super) struct Rows<'a> {
    exchange: CachedStatement<'a>,
    head: CachedStatement<'a>,
    body: CachedStatement<'a>,
    peer: CachedStatement<'a>,
    late: CachedStatement<'a>,
    cause: CachedStatement<'a>,
    maybe: CachedStatement<'a>,
    route: CachedStatement<'a>,
    segments: &'a mut Segments,
    next: &'a mut Next,
    routes: &'a mut HashMap<Arc<str>, i64>,
    digests: &'a mut HashMap<[u8; 32], i64>,
    generation: u64,
}

/// What failed: the database, or a segment.
pub(super) enum Failed {
    Database(rusqlite::Error),
    Segment(io::Error),
}

impl<'a> Rows<'a> {
    pub(super) fn new(
        transaction: &'a Transaction<'_>,
        segments: &'a mut Segments,
        next: &'a mut Next,
        routes: &'a mut HashMap<Arc<str>, i64>,
        digests: &'a mut HashMap<[u8; 32], i64>,
        generation: u64,
    ) -> rusqlite::Result<Self> {
        let prepare = |sql| transaction.prepare_cached(sql);
        Ok(Self {
            // An exchange may have been written while it went on.
            exchange: prepare(
                "INSERT OR REPLACE INTO exchanges VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
            head: prepare("INSERT INTO heads VALUES (?, ?, ?, ?)")?,
            body: prepare("INSERT INTO bodies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?,
            peer: prepare("INSERT INTO peers VALUES (?, ?, ?, ?, ?)")?,
            late: prepare("UPDATE peers SET pid = ?2, program = ?3, project = ?4 WHERE id = ?1")?,
            cause: prepare("UPDATE exchanges SET caused_by = ?2 WHERE id = ?1")?,
            maybe: prepare("INSERT OR IGNORE INTO maybe_caused VALUES (?2, ?1)")?,
            route: prepare("INSERT INTO routes VALUES (?, ?)")?,
            segments,
            next,
            routes,
            digests,
            generation,
        })
    }

    /// An exchange, and whatever it refers to.
    pub(super) fn exchange(&mut self, record: &Record) -> Result<(), Failed> {
        let route = self.route_row(&record.route)?;
        let client = self.peer_row(&record.client)?;
        let server = record.server.as_ref().map(|peer| self.peer_row(peer)).transpose()?;
        let request = record.request.as_ref().map(|head| self.head_row(head)).transpose()?;
        let response = record.response.as_ref().map(|head| self.head_row(head)).transpose()?;
        let request_body = record.request_body.as_ref().map(|body| self.body_row(body)).transpose()?;
        let response_body = record.response_body.as_ref().map(|body| self.body_row(body)).transpose()?;
        let stream = record.stream.as_ref().map(|body| self.body_row(body)).transpose()?;
        let more = record.more.as_deref().map(|more| serde_json::to_vec(more).unwrap_or_default());
        self.exchange.execute(params![
            record.id as i64,
            request,
            response,
            request_body,
            response_body,
            stream,
            record.protocol as i64,
            record.outcome as i64,
            route,
            record.started,
            record.wait,
            record.took,
            client,
            server,
            record.status,
            record.error,
            record.sent as i64,
            record.received as i64,
            record.lost as i64,
            record.caused_by.map(|id| id as i64),
            more,
        ])?;
        Ok(())
    }

    /// Who a peer is, when it was written before that was known.
    pub(super) fn late(&mut self, peer: &Peer) -> rusqlite::Result<()> {
        let (Some(row), Some(who)) = (peer.row.of(self.generation), peer.who.get()) else { return Ok(()) };
        self.late.execute(params![row, who.pid, who.program, who.project]).map(drop)
    }

    /// What caused an exchange, or may have: it was written before that was known.
    pub(super) fn caused(&mut self, found: &Found) -> rusqlite::Result<()> {
        let statement = if found.causes.len() == 1 { &mut self.cause } else { &mut self.maybe };
        for cause in &found.causes {
            statement.execute([found.id as i64, *cause as i64])?;
        }
        Ok(())
    }

    fn head_row(&mut self, head: &Head) -> rusqlite::Result<i64> {
        if let Some(row) = head.row.of(self.generation) {
            return Ok(row);
        }
        let row = take(&mut self.next.head);
        let text = (!head.text.is_empty()).then_some(&head.text);
        self.head.execute(params![row, head.method, head.target, text])?;
        head.row.set(self.generation, row);
        Ok(row)
    }

    fn body_row(&mut self, body: &Content) -> Result<i64, Failed> {
        if let Some(row) = body.row.of(self.generation) {
            return Ok(row);
        }
        // The same bytes may have been looked through in another way.
        let digest = body.digest.map(|mut digest| {
            digest[0] ^= body.state.bits() as u8;
            digest
        });
        if let Some(row) = digest.and_then(|digest| self.digests.get(&digest)) {
            body.row.set(self.generation, *row);
            return Ok(*row);
        }
        let row = take(&mut self.next.body);
        let place = self.segments.add([&body.front, &body.back]).map_err(Failed::Segment)?;
        // The digest of what was changed would tell whether a guess of the secret is right.
        let told = body.digest.filter(|_| !body.state.redacted);
        self.body.execute(params![
            row,
            place.segment,
            place.frame as i64,
            place.at as i64,
            body.front.len() as i64,
            body.back.len() as i64,
            body.size as i64,
            told,
            body.state.bits(),
        ])?;
        if let Some(digest) = digest {
            self.digests.insert(digest, row);
        }
        body.row.set(self.generation, row);
        Ok(row)
    }

    fn peer_row(&mut self, peer: &Peer) -> rusqlite::Result<i64> {
        if let Some(row) = peer.row.of(self.generation) {
            return Ok(row);
        }
        let row = take(&mut self.next.peer);
        let who = peer.who.get();
        let (program, project) = (who.map(|who| &who.program), who.map(|who| &who.project));
        self.peer.execute(params![
            row,
            peer.address.to_string(),
            who.map(|who| who.pid),
            program,
            project
        ])?;
        peer.row.set(self.generation, row);
        Ok(row)
    }

    fn route_row(&mut self, route: &Arc<str>) -> rusqlite::Result<i64> {
        if let Some(row) = self.routes.get(route) {
            return Ok(*row);
        }
        let row = take(&mut self.next.route);
        self.route.execute(params![row, &**route])?;
        self.routes.insert(Arc::clone(route), row);
        Ok(row)
    }
}

impl Failed {
    pub(super) fn of(self, folder: &Path) -> CaptureError {
        match self {
            Self::Database(error) => error.into(),
            Self::Segment(error) => CaptureError::file(folder)(error),
        }
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

fn take(next: &mut i64) -> i64 {
    *next += 1;
    *next - 1
}

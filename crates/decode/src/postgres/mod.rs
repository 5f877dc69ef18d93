//! PostgreSQL, its frontend/backend protocol 3.0 and 3.2.
//!
//! A simple query is one exchange with all its results; in the extended protocol each Execute is one, and carries the
//! text that Parse gave and the parameters of Bind. What is prepared under a name, a refused Parse or Bind, the start
//! of the connection, notifications and cancellations are exchanges of their own. Deliberately absent: passwords and
//! the key that cancels, which are never looked at; the content of COPY, which is counted.

mod ask;
mod client;
mod fields;
mod server;
mod session;
mod start;
#[cfg(test)]
mod tests;
mod types;

use std::mem;

use navyd_model::exchange::{Protocol, Side};

use crate::{
    Decoder, Spoken,
    frames::{Frames, Wrong},
    spoken::{AFTER_A_GAP, untold},
};
use session::Session;

/// How much of one parameter or one value of a row is kept.
const VALUE: usize = 1 << 10;
/// How many parameters are kept, and how many bytes of them.
const PARAMETERS: (usize, usize) = (64, 8 << 10);
/// How many rows of an exchange are kept, and how many bytes of them.
const ROWS: (usize, usize) = (50, 16 << 10);
/// How many columns are kept.
const COLUMNS: usize = 128;
/// How many results of one simple query are kept.
const RESULTS: usize = 16;
/// How many notices of one exchange are kept.
const NOTICES: usize = 8;
/// How many prepared statements are remembered, and how many bytes of their texts.
const STATEMENTS: (usize, usize) = (1024, 1 << 20);
/// How many portals are remembered, and how many bytes of statements and parameters.
const PORTALS: (usize, usize) = (64, 256 << 10);
/// How many messages may wait for their answers.
const PENDING: usize = 4096;
/// How many bytes of statements and parameters those keep; more are kept only as [`CUT`].
const PENDING_BYTES: usize = 1 << 20;
/// What is kept of a statement when too much is kept already.
const CUT: usize = 128;
/// How often the search for the next message begins again when there was no gap.
const LOSSES: u8 = 8;

/// Reads one connection.
#[derive(Debug, Default, Clone)]
pub(crate) struct Postgres {
    phase: Phase,
    client: Frames,
    server: Frames,
    session: Session,
    /// The last bytes of the server, by which it is found again when it was lost.
    found: Option<Vec<u8>>,
    /// How often what was read made no sense.
    losses: u8,
    /// The encryption that the server refused, and when, until the client begins without it.
    refused: Option<(start::Wish, i64)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The client's first message is due, which has no type.
    #[default]
    Start,
    /// The client has asked for encryption; a single byte of the server answers.
    Asked(start::Wish),
    /// Messages have types.
    Open,
    /// Messages are not understood until the server is found at rest.
    Lost,
    /// Nothing more can be understood.
    Opaque,
}

impl Decoder for Postgres {
    fn bytes(&mut self, from: Side, at: i64, bytes: &[u8], out: &mut Vec<Spoken>) {
        let read = match from {
            Side::Client => self.client_sent(at, bytes, out),
            Side::Server => self.server_sent(at, bytes, out),
        };
        if read.is_err() {
            self.fail(at, out);
        }
    }

    fn gap(&mut self, from: Side, at: i64, count: u64, out: &mut Vec<Spoken>) {
        let frames = if from == Side::Client { &mut self.client } else { &mut self.server };
        if self.phase == Phase::Open && frames.gap(count) {
            return;
        }
        match self.phase {
            Phase::Open => {
                self.lose(out);
                out.push(Spoken::note(Protocol::Postgres, at, "gap", AFTER_A_GAP));
            }
            Phase::Start | Phase::Asked(_) => {
                self.phase = Phase::Opaque;
                out.push(Spoken::rest(Protocol::Postgres, at, "gap", AFTER_A_GAP));
            }
            Phase::Lost => self.found = None,
            Phase::Opaque => {}
        }
    }

    fn end(&mut self, at: i64, out: &mut Vec<Spoken>) {
        if let (Phase::Start, Some((wish, asked))) = (self.phase, self.refused) {
            let mut left = Spoken::note(Protocol::Postgres, at, "connect", "");
            (left.started, left.error) = (asked, Some(wish.refused().to_owned()));
            out.push(left);
        }
        self.session.give_up(out);
        self.phase = Phase::Opaque;
    }
}

impl Postgres {
    fn client_sent(&mut self, at: i64, mut bytes: &[u8], out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        // A message borrows from its direction, which therefore stands aside meanwhile.
        if self.phase == Phase::Start && self.client.is_idle() && bytes.first() == Some(&start::TLS) {
            self.phase = Phase::Opaque;
            out.push(Spoken::rest(Protocol::Postgres, at, "tls", start::Wish::Tls.granted()));
        }
        let mut frames = mem::take(&mut self.client);
        let read = loop {
            let length = match self.phase {
                Phase::Start => start::length,
                Phase::Open => client::length,
                // Nothing may come before the answer; then it is TLS, and that is said when the answer comes.
                Phase::Asked(_) | Phase::Opaque => break Ok(()),
                Phase::Lost if self.is_at_rest() && client::length(bytes).is_ok() => {
                    self.phase = Phase::Open;
                    continue;
                }
                Phase::Lost => break Ok(()),
            };
            match frames.next(&mut bytes, at, length) {
                Ok(Some(frame)) if self.phase == Phase::Start => match self.session.start(&frame, at, out) {
                    Ok(phase) => self.phase = phase,
                    Err(wrong) => break Err(wrong),
                },
                Ok(Some(frame)) => {
                    if let Err(wrong) = self.session.client(&frame) {
                        break Err(wrong);
                    }
                }
                Ok(None) => break Ok(()),
                Err(wrong) => break Err(wrong),
            }
        };
        self.client = frames;
        read
    }

    fn server_sent(&mut self, at: i64, mut bytes: &[u8], out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        if let (Phase::Asked(wish), [first, rest @ ..]) = (self.phase, bytes) {
            match first {
                b'N' => {
                    (self.phase, self.refused) = (Phase::Start, Some((wish, at)));
                    bytes = rest;
                }
                // A server that does not know the question refuses it as it refuses anything.
                b'E' => self.phase = Phase::Open,
                _ => {
                    self.phase = Phase::Opaque;
                    out.push(Spoken::rest(Protocol::Postgres, at, "tls", wish.granted()));
                }
            }
        }
        if self.phase == Phase::Lost {
            self.look_for_rest(bytes);
        }
        if matches!(self.phase, Phase::Lost | Phase::Opaque) {
            return Ok(());
        }
        let mut frames = mem::take(&mut self.server);
        let read = loop {
            match frames.next(&mut bytes, at, server::length) {
                Ok(Some(frame)) => {
                    if let Err(wrong) = self.session.server(&frame, at, out) {
                        break Err(wrong);
                    }
                }
                Ok(None) => break Ok(()),
                Err(wrong) => break Err(wrong),
            }
        };
        self.server = frames;
        read
    }

    /// A server at rest has said ReadyForQuery last, and the client then begins a message. Other bytes may end like
    /// that too, but then what follows makes no sense, and the search begins again.
    fn look_for_rest(&mut self, bytes: &[u8]) {
        let tail = self.found.get_or_insert_default();
        tail.extend_from_slice(&bytes[bytes.len().saturating_sub(server::READY)..]);
        tail.drain(..tail.len().saturating_sub(server::READY));
    }

    fn is_at_rest(&self) -> bool {
        self.found.as_deref().is_some_and(|tail| matches!(tail, [b'Z', 0, 0, 0, 5, b'I' | b'T' | b'E']))
    }

    /// What was read makes no sense.
    fn fail(&mut self, at: i64, out: &mut Vec<Spoken>) {
        if self.phase == Phase::Open && self.session.has_begun() && self.losses < LOSSES {
            self.losses += 1;
            self.lose(out);
            out.push(Spoken::note(Protocol::Postgres, at, "gap", "could not follow"));
            return;
        }
        self.give_up(out);
        self.phase = Phase::Opaque;
        out.push(Spoken::rest(Protocol::Postgres, at, "opaque", "this is not PostgreSQL"));
    }

    fn lose(&mut self, out: &mut Vec<Spoken>) {
        self.give_up(out);
        self.phase = Phase::Lost;
        self.found = None;
        self.client.reset();
        self.server.reset();
    }

    /// What was asked is not followed any more.
    fn give_up(&mut self, out: &mut Vec<Spoken>) {
        let before = out.len();
        self.session.give_up(out);
        untold(&mut out[before..]);
    }
}

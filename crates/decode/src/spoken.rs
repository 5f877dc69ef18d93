//! What a decoder takes and tells.

use navyd_model::exchange::{Piece, Protocol, Side};
use serde_json::Value;

/// What is said when bytes are missing, and messages cannot be told apart any more.
pub(crate) const AFTER_A_GAP: &str = "could not follow after a gap";

/// Reads both directions of one connection.
pub trait Decoder {
    /// These bytes passed at `at` (microseconds since 1970, UTC). What is complete by them is put into `out`.
    fn bytes(&mut self, from: Side, at: i64, bytes: &[u8], out: &mut Vec<Spoken>);

    /// So many bytes passed and are not known. A decoder finds its way back to the next message where the protocol
    /// lets it, and else says so once.
    fn gap(&mut self, from: Side, at: i64, count: u64, out: &mut Vec<Spoken>);

    /// The connection has ended: what was begun is told as it is.
    fn end(&mut self, at: i64, out: &mut Vec<Spoken>);
}

/// Reads what an exchange of HTTP carries piece by piece: frames, events, messages.
pub trait PieceReader {
    /// These bytes passed at `at` (microseconds since 1970, UTC). What is complete by them is put into `out`.
    fn bytes(&mut self, from: Side, at: i64, bytes: &[u8], out: &mut Vec<Piece>);

    /// So many bytes passed and are not known. Where nothing behind them can be understood, that is said once, by a
    /// piece of the kind `gap`.
    fn gap(&mut self, from: Side, at: i64, count: u64, out: &mut Vec<Piece>);
}

/// What is known of how an exchange ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// It was answered when [`Spoken::ended`] says, and else not before the connection ended.
    #[default]
    Known,
    /// Whether it was answered is not known: bytes that tell it are missing, or made no sense.
    Unknown,
    /// It is the rest of the connection, of which nothing is understood: it ends with it, and all that passes is its.
    Rest,
}

/// One exchange of a protocol that is not HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    /// The protocol.
    pub protocol: Protocol,
    /// When it began, in microseconds since 1970 (UTC).
    pub started: i64,
    /// When the first byte of the answer came.
    pub answered: Option<i64>,
    /// When it was complete; `None` when it was not, as far as is known.
    pub ended: Option<i64>,
    /// What is known of its end.
    pub extent: Extent,
    /// What was asked for in one word: `query`, `HGETALL`, `A`.
    pub method: String,
    /// What it was asked of: a statement, a key, a name.
    pub target: String,
    /// What the server says went wrong: `42P01: relation "x" does not exist`.
    pub error: Option<String>,
    /// Bytes of the client.
    pub sent: u64,
    /// Bytes of the server.
    pub received: u64,
    /// Parameters, columns, rows, replies: an object, or `null`.
    pub details: Value,
    /// Messages in between, where the protocol has them.
    pub pieces: Vec<Piece>,
}

impl Spoken {
    /// An exchange that begins.
    #[must_use]
    pub fn new(protocol: Protocol, started: i64, method: &str, target: impl Into<String>) -> Self {
        Self {
            protocol,
            started,
            answered: None,
            ended: None,
            extent: Extent::Known,
            method: method.to_owned(),
            target: target.into(),
            error: None,
            sent: 0,
            received: 0,
            details: Value::Null,
            pieces: Vec::new(),
        }
    }

    /// What a decoder has to say of itself: that it lost its way.
    pub(crate) fn note(protocol: Protocol, at: i64, method: &str, text: &str) -> Self {
        Self { answered: Some(at), ended: Some(at), ..Self::new(protocol, at, method, text) }
    }

    /// Why nothing more of the connection can be understood. It is the last that a decoder says.
    pub(crate) fn rest(protocol: Protocol, at: i64, method: &str, text: &str) -> Self {
        Self { extent: Extent::Rest, ..Self::new(protocol, at, method, text) }
    }
}

/// These were given up because bytes are missing or make no sense: whether they were answered is not known.
pub(crate) fn untold(given_up: &mut [Spoken]) {
    given_up.iter_mut().for_each(|spoken| spoken.extent = Extent::Unknown);
}

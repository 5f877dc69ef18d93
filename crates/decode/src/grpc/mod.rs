//! gRPC: the messages of a call, by their descriptors where those are known, and how it ended.
//!
//! Deliberately absent: HTTP/2 and its headers, which the gateway reads; the call that asks a server for its descriptors.

mod raw;
pub mod reflect;
mod schema;
mod status;
#[cfg(test)]
mod tests;

use navyd_model::exchange::{Piece, Side};

use crate::{
    PieceReader,
    body::{Bounds, Coding},
    frames::{Frame, Frames, Wrong},
    piece::{KEPT, Moment},
    reader::Reader,
    spoken::AFTER_A_GAP,
};
use schema::Types;
pub use schema::{Schema, SchemaError};
pub use status::Status;

/// The flag and the length before each message.
const HEAD: usize = 5;
/// How long a message may become when it is unpacked.
const UNPACKED: Bounds = Bounds { most: 1 << 20, ratio: usize::MAX };

/// Reads the messages of one call.
#[derive(Debug)]
pub struct Call {
    started: i64,
    types: Option<Types>,
    client: Direction,
    server: Direction,
}

#[derive(Debug, Default)]
struct Direction {
    frames: Frames,
    /// Whether messages that say so are packed by gzip; any other way is not understood.
    gzip: bool,
    lost: bool,
}

impl Call {
    /// A call of `path` (`/package.Service/Method`) that began at `started` (microseconds since 1970, UTC).
    #[must_use]
    pub fn new(started: i64, path: &str, schema: Option<&Schema>) -> Self {
        let types = schema.and_then(|schema| schema.method(path));
        Self { started, types, client: Direction::default(), server: Direction::default() }
    }

    /// What this side tells in Grpc-Encoding.
    pub fn encoding(&mut self, from: Side, encoding: &str) {
        self.direction(from).gzip = encoding.trim().eq_ignore_ascii_case("gzip");
    }

    fn direction(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn piece(&self, from: Side, gzip: bool, frame: &Frame<'_>, moment: Moment) -> Piece {
        let sent = frame.bytes.get(HEAD..).unwrap_or_default();
        let size = frame.size - HEAD as u64;
        let binary = |bytes: &[u8]| moment.binary(from, "message", bytes, size);
        let whole = sent.len() as u64 == size;
        let packed = frame.bytes[0] == 1;
        let unpacked = match (packed, gzip) {
            (false, _) => None,
            (true, true) if whole => match unpack(sent) {
                Some(unpacked) => Some(unpacked),
                None => return binary(sent),
            },
            (true, _) => return binary(sent),
        };
        let message = unpacked.as_deref().unwrap_or(sent);
        // Only the begin of a long one is here, and that says little.
        let json = if whole { self.json(from, message) } else { None };
        let Some(json) = json.filter(|json| json.len() <= KEPT) else { return binary(message) };
        Piece { size, ..moment.piece(from, "message", json.as_bytes(), json.len() as u64) }
    }

    fn json(&self, from: Side, message: &[u8]) -> Option<String> {
        let known = self.types.as_ref().and_then(|types| types.json(from, message));
        known.or_else(|| raw::fields(message).map(|fields| fields.to_string()))
    }
}

impl PieceReader for Call {
    fn bytes(&mut self, from: Side, at: i64, mut bytes: &[u8], out: &mut Vec<Piece>) {
        let moment = Moment { started: self.started, at };
        let mut direction = std::mem::take(self.direction(from));
        while !direction.lost {
            match direction.frames.next(&mut bytes, at, length) {
                Ok(Some(frame)) => out.push(self.piece(from, direction.gzip, &frame, moment)),
                Ok(None) => break,
                Err(Wrong) => {
                    direction.lost = true;
                    out.push(moment.note(from, "could not follow: this is no message of gRPC"));
                }
            }
        }
        *self.direction(from) = direction;
    }

    fn gap(&mut self, from: Side, at: i64, count: u64, out: &mut Vec<Piece>) {
        let moment = Moment { started: self.started, at };
        let direction = self.direction(from);
        if direction.lost || direction.frames.gap(count) {
            return;
        }
        direction.lost = true;
        direction.frames.reset();
        out.push(moment.note(from, AFTER_A_GAP));
    }
}

fn length(head: &[u8]) -> Result<Option<u64>, Wrong> {
    let mut head = Reader(head);
    match head.u8() {
        None => Ok(None),
        Some(0 | 1) => Ok(head.u32().map(|length| u64::from(length) + HEAD as u64)),
        Some(_) => Err(Wrong),
    }
}

/// Unpacks a message. `None` when it cannot be, or becomes too long.
fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let unpacked = Coding::Gzip.take_off(bytes, UNPACKED)?;
    unpacked.cut.is_none().then_some(unpacked.bytes)
}

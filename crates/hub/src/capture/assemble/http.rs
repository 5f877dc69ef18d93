//! One request and its response, as the bytes of both come.

use std::sync::Arc;

use navyd_h1::{Body, Framing, Part};
use navyd_model::exchange::Interim;

use super::{
    head::{self, Head},
    kept::Kept,
};
use crate::capture::limits::{INTERIM, TRAILERS};

/// A message on its way.
#[derive(Default)]
pub(crate) struct Half {
    /// Its head, once it came.
    pub(crate) head: Option<Arc<Head>>,
    /// Takes the chunks off, where there are any.
    reader: Option<Body>,
    /// Chunks were lost: what comes behind cannot be told from chunks any more.
    broken: bool,
    pub(crate) body: Kept,
    /// When which byte of the body came, in microseconds since the start: of what comes piece by piece.
    pub(crate) times: Vec<(u64, u64)>,
    pub(crate) trailers: Vec<u8>,
    /// Bytes, with heads.
    pub(crate) bytes: u64,
    /// Bytes that are not known, or that could not be placed.
    pub(crate) lost: u64,
}

impl Half {
    /// Its head came.
    pub(crate) fn begin(&mut self, head: Arc<Head>, side: navyd_h1::Side) {
        self.reader = match head.body.framing {
            // What it is does not depend on what comes.
            Framing::None | Framing::UntilClose | Framing::Tunnel | Framing::Length(_) => None,
            Framing::Chunked => Some(Body::new(Framing::Chunked, side)),
        };
        self.head = Some(head);
    }

    /// Bytes behind its head. Gives by how much more memory it uses.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> usize {
        let Some(reader) = &mut self.reader else { return self.body.add(bytes) };
        let (mut at, mut used) = (0, 0);
        while at < bytes.len() {
            let piece = reader.piece(&bytes[at..]).ok().filter(|_| !self.broken);
            let Some(piece) = piece else {
                self.broken = true;
                self.lost = self.lost.saturating_add((bytes.len() - at) as u64);
                self.body.skip((bytes.len() - at) as u64);
                break;
            };
            if piece.length == 0 {
                break;
            }
            let part = &bytes[at..at + piece.length];
            match piece.part {
                Part::Payload => used += self.body.add(part),
                Part::Trailer => {
                    let room = TRAILERS.saturating_sub(self.trailers.len()).min(part.len());
                    self.trailers.extend_from_slice(&part[..room]);
                }
                Part::Framing => {}
            }
            at += piece.length;
        }
        used
    }

    /// So many bytes behind its head passed and are not known.
    pub(crate) fn skip(&mut self, count: u64) {
        self.lost = self.lost.saturating_add(count);
        match &mut self.reader {
            Some(reader) if count <= reader.unseen() => reader.moved(count),
            Some(_) => self.broken = true,
            None => {}
        }
        self.body.skip(count);
    }
}

/// An interim response, once more as it is shown.
pub(crate) fn interim(all: &mut Vec<Interim>, head: &Head) {
    if all.len() < INTERIM {
        let (line, headers) = head::lines(&head.text);
        all.push(Interim { line: line.unwrap_or_default(), headers });
    }
}

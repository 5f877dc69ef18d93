//! Where a body ends, and which of its bytes are payload (RFC 9112 §6 and §7).
//!
//! The bytes themselves are not touched: a proxy passes them on as they came and learns here how many belong to the
//! message; a reader takes the pieces that are payload. Nothing is buffered.

use crate::{Framing, Reject, Side, chunked::Chunked};

/// The state of a body that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    side: Side,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// So many bytes are still to come; none: it has ended.
    Length(u64),
    Chunked(Chunked),
    UntilClose,
}

/// What a run of bytes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Payload.
    Payload,
    /// Lines around chunks.
    Framing,
    /// Trailer field lines, with their line ends (RFC 9112 §7.1.2).
    Trailer,
}

/// A run of bytes of one kind, at the front of those that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// What they are.
    pub part: Part,
    /// How many; 0 when there are none left, or when the body has ended.
    pub length: usize,
}

/// What [`Body::advance`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// How many of the bytes belong to this body. Those behind are the next message's.
    pub taken: usize,
    /// How many of those are payload.
    pub payload: usize,
    /// Whether the body has ended.
    pub done: bool,
}

impl Body {
    /// The body behind a head with this framing. That of a [`Framing::Tunnel`] lasts until the connection closes.
    #[must_use]
    pub fn new(framing: Framing, side: Side) -> Self {
        let state = match framing {
            Framing::None => State::Length(0),
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(Chunked::default()),
            Framing::UntilClose | Framing::Tunnel => State::UntilClose,
        };
        Self { side, state }
    }

    /// Whether it has ended. A body until close never has: the end of the connection is its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match &self.state {
            State::Length(left) => *left == 0,
            State::Chunked(chunked) => chunked.is_done(),
            State::UntilClose => false,
        }
    }

    /// Takes as many of the bytes as belong to it.
    ///
    /// # Errors
    ///
    /// Chunks that are not exactly right, and trailers that must not be merged. None of the bytes may then be
    /// forwarded, and both connections must be closed.
    pub fn advance(&mut self, bytes: &[u8]) -> Result<Step, Reject> {
        let (mut taken, mut payload) = (0, 0);
        loop {
            let piece = self.piece(&bytes[taken..])?;
            if piece.length == 0 {
                return Ok(Step { taken, payload, done: self.is_done() });
            }
            taken += piece.length;
            if piece.part == Part::Payload {
                payload += piece.length;
            }
        }
    }

    /// Takes the first run of bytes of one kind.
    ///
    /// # Errors
    ///
    /// As [`Body::advance`].
    pub fn piece(&mut self, bytes: &[u8]) -> Result<Piece, Reject> {
        match &mut self.state {
            State::Length(left) => {
                let length = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= length as u64;
                Ok(Piece { part: Part::Payload, length })
            }
            State::Chunked(chunked) => chunked.piece(bytes).map_err(|reason| self.side.reject(reason)),
            State::UntilClose => Ok(Piece { part: Part::Payload, length: bytes.len() }),
        }
    }

    /// The runs of payload in these bytes, in order; trailers and framing are passed over.
    pub fn payload<'a>(&'a mut self, bytes: &'a [u8]) -> Payload<'a> {
        Payload { body: self, bytes, taken: 0 }
    }

    /// How many bytes from here on are payload whatever they are, so that they can be moved without being seen: the
    /// rest of a length or of a chunk, [`u64::MAX`] until close.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        match &self.state {
            State::Length(left) => *left,
            State::Chunked(chunked) => chunked.data_left(),
            State::UntilClose => u64::MAX,
        }
    }

    /// Counts bytes that were moved without being seen: at most as many as [`Body::unseen`] says.
    pub fn moved(&mut self, length: u64) {
        debug_assert!(length <= self.unseen(), "bytes that do not belong to the body were moved");
        match &mut self.state {
            State::Length(left) => *left = left.saturating_sub(length),
            State::Chunked(chunked) => chunked.moved(length),
            State::UntilClose => {}
        }
    }

    /// Says whether the connection may end here.
    ///
    /// # Errors
    ///
    /// RFC 9112 §8: "If a client receives a response message with […] fewer bytes than indicated", or without the
    /// last chunk, it is incomplete.
    pub fn end(&self) -> Result<(), Reject> {
        if self.is_done() || self.state == State::UntilClose {
            return Ok(());
        }
        Err(self.side.reject("the connection ended inside the body"))
    }
}

/// Runs of payload; see [`Body::payload`].
#[derive(Debug)]
pub struct Payload<'a> {
    body: &'a mut Body,
    bytes: &'a [u8],
    taken: usize,
}

impl Payload<'_> {
    /// How many of the bytes belong to the body so far: all of them once the iterator has ended.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }
}

impl<'a> Iterator for Payload<'a> {
    type Item = Result<&'a [u8], Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = &self.bytes[self.taken..];
            let piece = match self.body.piece(rest) {
                Ok(piece) => piece,
                Err(reject) => return Some(Err(reject)),
            };
            self.taken += piece.length;
            match piece {
                Piece { length: 0, .. } => return None,
                Piece { part: Part::Payload, length } => return Some(Ok(&rest[..length])),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Step};
    use crate::{Framing, Side};

    #[test]
    fn a_body_takes_its_own_bytes_only() {
        let check = |framing, bytes: &str, taken, payload, done, may_end| {
            let mut body = Body::new(framing, Side::Response);
            assert_eq!(
                body.advance(bytes.as_bytes()),
                Ok(Step { taken, payload, done }),
                "{framing:?} {bytes:?}"
            );
            assert_eq!(body.end().is_ok(), may_end, "{framing:?} {bytes:?}");
        };
        check(Framing::None, "next", 0, 0, true, true);
        check(Framing::Length(0), "next", 0, 0, true, true);
        check(Framing::Length(3), "onenext", 3, 3, true, true);
        check(Framing::Length(5), "one", 3, 3, false, false);
        check(Framing::UntilClose, "all of it", 9, 9, false, true);
        check(Framing::UntilClose, "", 0, 0, false, true);
        check(Framing::Chunked, "3\r\none\r\n0\r\n\r\nnext", 13, 3, true, true);
        check(Framing::Chunked, "3\r\non", 5, 2, false, false);
        check(Framing::Chunked, "0\r\n", 3, 0, false, false);
    }

    #[test]
    fn payload_comes_without_framing() {
        let check = |framing, bytes: &str, expected: &[&str], taken| {
            let mut body = Body::new(framing, Side::Request);
            let mut runs = body.payload(bytes.as_bytes());
            let found: Vec<_> = runs.by_ref().map(|run| run.expect("the body is well formed")).collect();
            assert_eq!(found, expected.iter().map(|run| run.as_bytes()).collect::<Vec<_>>(), "{bytes:?}");
            assert_eq!(runs.taken(), taken, "{bytes:?}");
        };
        check(Framing::Length(2), "abc", &["ab"], 2);
        check(Framing::Chunked, "1\r\na\r\n2;x=y\r\nbc\r\n0\r\nT: 1\r\n\r\nnext", &["a", "bc"], 28);
    }

    #[test]
    fn bytes_that_were_not_seen_count_as_well() {
        let mut body = Body::new(Framing::Chunked, Side::Request);
        assert_eq!(body.unseen(), 0);
        assert_eq!(body.advance(b"a\r\n123").map(|step| step.taken), Ok(6));
        assert_eq!(body.unseen(), 7);
        body.moved(7);
        assert_eq!(body.advance(b"\r\n0\r\n\r\n").map(|step| step.done), Ok(true));
        let mut body = Body::new(Framing::Length(4), Side::Request);
        body.moved(4);
        assert!(body.is_done());
        assert_eq!(Body::new(Framing::Tunnel, Side::Response).unseen(), u64::MAX);
    }
}

//! The body of a message, as far as it must be known to move it.

use std::io;

use navyd_h1::{
    Body, Framing, Side,
    encode::{CHUNK_END, LAST_CHUNK, chunk_head},
};

use crate::{
    net::{Extent, Ledger},
    tap::Watch,
};

/// A body up to so long is told whole, so that whoever keeps what passes knows a checksum of it. Of a longer one with a
/// length, or one that nobody takes off fast enough, the middle is spliced: 1 GiB costs four times as much processor
/// time when it is copied, and hardly anybody looks into the middle.
const TOLD_WHOLE: u64 = 16 * 1024 * 1024;

/// How much of the end of such a body is told.
const TAIL: u64 = 256 * 1024;

/// A body on its way, with the bytes it was sent with.
pub(super) struct Passing {
    body: Body,
    /// How it ends.
    close: Close,
    /// Who is told of it, and how much was.
    watch: Option<Watch>,
    seen: u64,
}

/// What the end of the connection is to a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Close {
    /// A failure, unless the body has ended before.
    Failure,
    /// Its end.
    End,
    /// Its end, which is told by chunks to a client whose connection stays.
    Chunks,
    /// It was told.
    Told,
}

impl Passing {
    /// The body behind a head.
    pub(super) fn new(framing: Framing, side: Side, watch: Option<Watch>) -> Self {
        let close = if framing == Framing::UntilClose { Close::End } else { Close::Failure };
        Self { body: Body::new(framing, side), close, watch, seen: 0 }
    }

    /// What is left of a body of which a part was held; `chunks` where the client is told the end of a connection by
    /// chunks.
    pub(super) fn rest(body: Body, framing: Framing, chunks: bool, watch: Option<Watch>) -> Self {
        let close = match (framing, chunks) {
            (Framing::UntilClose, true) => Close::Chunks,
            (Framing::UntilClose, false) => Close::End,
            _ => Close::Failure,
        };
        Self { body, close, watch, seen: 0 }
    }

    /// A body of a response that ends with the upstream's connection, on its way as chunks.
    pub(super) fn chunked(watch: Option<Watch>) -> Self {
        Self { body: Body::new(Framing::UntilClose, Side::Response), close: Close::Chunks, watch, seen: 0 }
    }
}

impl Extent for Passing {
    fn admit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let step = self.body.advance(bytes);
        Ok(step.map_err(|reject| io::Error::new(io::ErrorKind::InvalidData, reject))?.taken)
    }

    fn pass(&mut self, count: u64) {
        self.body.moved(count);
        if let Some(watch) = &self.watch {
            watch.lose(count);
        }
    }

    fn left(&self) -> Ledger {
        match self.body.unseen() {
            _ if self.body.is_done() || self.close == Close::Told => Ledger::Done,
            _ if self.close == Close::End => Ledger::Endless,
            _ if self.close == Close::Chunks => Ledger::Seen,
            0 => Ledger::Seen,
            left => Ledger::Bytes(left),
        }
    }

    fn recasts(&self) -> bool {
        self.close == Close::Chunks
    }

    fn recast(&self, bytes: &[u8], out: &mut Vec<u8>) {
        for part in [chunk_head(bytes.len() as u64).as_ref(), bytes, CHUNK_END] {
            out.extend_from_slice(part);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.close == Close::Chunks {
            out.extend_from_slice(LAST_CHUNK);
            self.close = Close::Told;
        }
    }

    fn unwatched(&self) -> u64 {
        let Some(watch) = &self.watch else { return u64::MAX };
        let told = self.seen < TOLD_WHOLE && !watch.is_behind();
        if told { 0 } else { self.body.unseen().saturating_sub(TAIL) }
    }

    fn saw(&mut self, bytes: &[u8]) {
        if let Some(watch) = &self.watch {
            self.seen += bytes.len() as u64;
            watch.bytes(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_known_as_far_as_it_can_be() {
        for (framing, bytes, admitted, left) in [
            (Framing::None, "next", None, Ledger::Done),
            (Framing::Length(0), "next", None, Ledger::Done),
            (Framing::Length(5), "abc", Some(3), Ledger::Bytes(2)),
            (Framing::Length(2), "abc", Some(2), Ledger::Done),
            (Framing::Chunked, "5\r\nab", Some(5), Ledger::Bytes(3)),
            (Framing::Chunked, "2\r\nab", Some(5), Ledger::Seen),
            (Framing::Chunked, "0\r\n\r\nnext", Some(5), Ledger::Done),
            (Framing::UntilClose, "abc", Some(3), Ledger::Endless),
        ] {
            let mut passing = Passing::new(framing, Side::Response, None);
            if let Some(admitted) = admitted {
                assert_eq!(passing.admit(bytes.as_bytes()).unwrap(), admitted, "{framing:?} {bytes:?}");
            }
            assert_eq!(passing.left(), left, "{framing:?} {bytes:?}");
        }
        let mut passing = Passing::chunked(None);
        let mut out = Vec::new();
        assert_eq!(passing.admit(b"abc").unwrap(), 3);
        assert!(passing.recasts());
        passing.recast(b"abc", &mut out);
        assert_eq!(passing.left(), Ledger::Seen);
        passing.end(&mut out);
        assert_eq!((passing.left(), &out[..]), (Ledger::Done, &b"3\r\nabc\r\n0\r\n\r\n"[..]));
        assert!(Passing::new(Framing::Chunked, Side::Request, None).admit(b"xyz\r\n").is_err());
    }
}

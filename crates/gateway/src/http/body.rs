//! The body of a message, as far as it must be known to move it.

use std::io;

use navyd_h1::{Body, Framing, Side};

use crate::net::{Extent, Ledger};

/// A body on its way, with the bytes it was sent with.
pub(super) struct Passing {
    body: Body,
    /// Whether it ends when the connection does.
    until_close: bool,
}

impl Passing {
    /// The body behind a head.
    pub(super) fn new(framing: Framing, side: Side) -> Self {
        Self { body: Body::new(framing, side), until_close: framing == Framing::UntilClose }
    }
}

impl Extent for Passing {
    fn admit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let step = self.body.advance(bytes);
        Ok(step.map_err(|reject| io::Error::new(io::ErrorKind::InvalidData, reject))?.taken)
    }

    fn pass(&mut self, count: u64) {
        self.body.moved(count);
    }

    fn left(&self) -> Ledger {
        match self.body.unseen() {
            _ if self.body.is_done() => Ledger::Done,
            _ if self.until_close => Ledger::Endless,
            0 => Ledger::Seen,
            left => Ledger::Bytes(left),
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
            let mut passing = Passing::new(framing, Side::Response);
            if let Some(admitted) = admitted {
                assert_eq!(passing.admit(bytes.as_bytes()).unwrap(), admitted, "{framing:?} {bytes:?}");
            }
            assert_eq!(passing.left(), left, "{framing:?} {bytes:?}");
        }
        assert!(Passing::new(Framing::Chunked, Side::Request).admit(b"xyz\r\n").is_err());
    }
}

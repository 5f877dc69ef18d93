//! What waits before a fault, or to be written: in its order, and so much of it that room can be told.

use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::condition::Front;

/// What a piece costs beside its bytes, so that a flood of tiny ones is bounded as well.
const COST: usize = 256;

/// Something on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Bytes, and when they came here.
    Bytes(Bytes, Instant),
    /// The sender says no more; it may still read.
    End(Instant),
    /// The connection ends here, in both directions.
    Close(Instant),
}

/// What waits.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pieces: VecDeque<Piece>,
    cost: usize,
}

impl Queue {
    /// Adds to the end.
    pub(crate) fn push(&mut self, piece: Piece) {
        if let Piece::Bytes(bytes, _) = &piece {
            if bytes.is_empty() {
                return;
            }
            self.cost += bytes.len() + COST;
        }
        self.pieces.push_back(piece);
    }

    /// Takes all that another has, behind what is here.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.cost += std::mem::take(&mut other.cost);
        self.pieces.append(&mut other.pieces);
    }

    /// What is first.
    pub(crate) fn first(&self) -> Option<&Piece> {
        self.pieces.front()
    }

    /// The same, as faults see it.
    pub(super) fn front(&self) -> Front {
        match self.pieces.front() {
            None => Front::Nothing,
            Some(Piece::Bytes(bytes, came)) => Front::Bytes(bytes.len(), *came),
            Some(Piece::End(came) | Piece::Close(came)) => Front::End(*came),
        }
    }

    /// Takes up to `most` bytes of the first piece, or whatever else it is.
    pub(crate) fn take(&mut self, most: usize) -> Option<Piece> {
        if let Some(Piece::Bytes(bytes, came)) = self.pieces.front_mut()
            && most < bytes.len()
        {
            self.cost -= most;
            return Some(Piece::Bytes(bytes.split_to(most), *came));
        }
        let piece = self.pieces.pop_front();
        if let Some(Piece::Bytes(bytes, _)) = &piece {
            self.cost -= bytes.len() + COST;
        }
        piece
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether there is room for more, of so much in all.
    pub(crate) fn has_room(&self, room: usize) -> bool {
        self.cost < room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_split_and_counted() {
        let now = Instant::now();
        let bytes = |text: &'static str| Piece::Bytes(Bytes::from_static(text.as_bytes()), now);
        let mut queue = Queue::default();
        queue.push(bytes(""));
        assert!(queue.is_empty());
        queue.push(bytes("abcd"));
        queue.push(Piece::End(now));
        assert!(!queue.has_room(COST + 4) && queue.has_room(COST + 5));
        assert_eq!(queue.take(1), Some(bytes("a")));
        assert!(queue.has_room(COST + 4));
        assert_eq!(queue.front(), Front::Bytes(3, now));
        assert_eq!(
            (queue.take(9), queue.take(9), queue.take(9)),
            (Some(bytes("bcd")), Some(Piece::End(now)), None)
        );
        assert_eq!(queue.cost, 0);
    }
}

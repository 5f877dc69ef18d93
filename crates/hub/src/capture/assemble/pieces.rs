//! Frames of WebSocket, read as they pass, because their secrets must not reach the disk and raw frames hide them.
//!
//! The first and the last of them are kept. Deliberately absent: the raw bytes.

use std::collections::VecDeque;

use navyd_decode::{PieceReader, WebSocket};
use navyd_model::exchange::{Piece, Side};

use super::head::Head;
use crate::capture::{
    limits::{BACK, FRONT},
    redact,
};

/// What a piece costs beside its content.
const OVERHEAD: usize = 128;

/// Pieces on their way.
pub(crate) struct Pieces {
    reader: WebSocket,
    front: Vec<Piece>,
    back: VecDeque<Piece>,
    sizes: [usize; 2],
    /// Bytes of pieces between front and back, which are not kept.
    pub(crate) dropped: u64,
    read: Vec<Piece>,
    reveal: bool,
}

impl Pieces {
    /// Those of a connection that began as this exchange did, and was answered by this head.
    pub(crate) fn new(started: i64, answer: Option<&Head>, reveal: bool) -> Self {
        let fields = answer.map(|head| super::head::lines(&head.text).1).unwrap_or_default();
        let extensions =
            fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"));
        let reader = WebSocket::new(started, extensions.map(|(_, value)| value.as_str()));
        let (front, back, read) = Default::default();
        Self { reader, front, back, sizes: [0; 2], dropped: 0, read, reveal }
    }

    /// Bytes passed. Gives by how much more memory it uses.
    pub(crate) fn bytes(&mut self, from: Side, at: i64, bytes: &[u8]) -> usize {
        self.reader.bytes(from, at, bytes, &mut self.read);
        self.take()
    }

    /// Bytes passed and are not known.
    pub(crate) fn gap(&mut self, from: Side, at: i64, count: u64) -> usize {
        self.reader.gap(from, at, count, &mut self.read);
        self.take()
    }

    /// As they stand.
    pub(crate) fn all(&self) -> Vec<Piece> {
        self.front.iter().chain(&self.back).cloned().collect()
    }

    fn take(&mut self) -> usize {
        let before = self.sizes[1];
        let mut used = 0;
        for mut piece in std::mem::take(&mut self.read) {
            if !self.reveal
                && let Some(text) = piece.text.as_deref().and_then(redact::text)
            {
                piece.text = Some(text);
            }
            let cost = cost(&piece);
            if self.back.is_empty() && self.sizes[0] + cost <= FRONT {
                self.sizes[0] += cost;
                used += cost;
                self.front.push(piece);
                continue;
            }
            self.sizes[1] += cost;
            self.back.push_back(piece);
            while self.sizes[1] > BACK && self.back.len() > 1 {
                if let Some(gone) = self.back.pop_front() {
                    self.sizes[1] -= self::cost(&gone);
                    self.dropped += gone.size;
                }
            }
        }
        used + self.sizes[1].saturating_sub(before)
    }
}

fn cost(piece: &Piece) -> usize {
    let shown = [&piece.text, &piece.base64].into_iter().flatten().map(String::len);
    shown.sum::<usize>() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_lose_their_secrets() {
        for (reveal, expected) in [(false, r#"{"token":"[redacted]"}"#), (true, r#"{"token":"x"}"#)] {
            let mut pieces = Pieces::new(0, None, reveal);
            let text = br#"{"token":"x"}"#;
            let frame = [&[0x81, text.len() as u8], text.as_slice()].concat();
            assert!(pieces.bytes(Side::Server, 5000, &frame) > 0);
            let all = pieces.all();
            assert_eq!((all.len(), all[0].text.as_deref(), all[0].at_ms), (1, Some(expected), 5.0));
        }
    }

    #[test]
    fn the_first_and_the_last_are_kept() {
        let mut pieces = Pieces::new(0, None, false);
        let frame = [&[0x82, 126, 16, 0], vec![7; 4096].as_slice()].concat();
        let used: usize = (0..1000).map(|at| pieces.bytes(Side::Server, at * 1000, &frame)).sum();
        assert!(used <= FRONT + BACK + 8192, "{used}");
        let all = pieces.all();
        assert_eq!((all[0].at_ms, all.last().unwrap().at_ms), (0.0, 999.0));
        assert_eq!(pieces.dropped, 4096 * (1000 - all.len() as u64));
    }
}

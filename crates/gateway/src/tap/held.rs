//! How much of one flow the keeper has not taken yet.

/// Bytes of a flow in batches that are not taken, or may not be: counted in two spans, so that it costs no memory for
/// each batch. The count is never too small, and at most that of the batches since the older span began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    older: Span,
    newer: Span,
}

/// Bytes in a run of batches.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    bytes: usize,
    /// The number of the last of them.
    last: u64,
}

impl Held {
    /// How many bytes there are, when so many batches were taken.
    pub(super) fn bytes(&mut self, taken: u64) -> usize {
        for _ in 0..2 {
            if self.older.last < taken {
                self.older = std::mem::take(&mut self.newer);
            }
        }
        self.older.bytes + self.newer.bytes
    }

    /// So many more are in the batch of this number, which is not below that of any before.
    pub(super) fn add(&mut self, bytes: usize, batch: u64) {
        let first = self.newer.bytes == 0 && (self.older.bytes == 0 || self.older.last == batch);
        let span = if first { &mut self.older } else { &mut self.newer };
        *span = Span { bytes: span.bytes + bytes, last: batch };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_no_longer_held() {
        let mut held = Held::default();
        for (bytes, batch, taken, expected) in [
            (10, 0, 0, 10),
            (10, 0, 0, 20),
            (5, 1, 0, 25),
            (7, 2, 0, 32),
            // The first span is gone; the other is counted until its last batch is.
            (0, 2, 1, 12),
            (1, 3, 2, 13),
            (0, 3, 3, 1),
            (0, 3, 4, 0),
            (4, 9, 4, 4),
            (0, 9, 10, 0),
        ] {
            if bytes > 0 {
                held.add(bytes, batch);
            }
            assert_eq!(held.bytes(taken), expected, "{bytes} in {batch}, {taken} taken");
        }
    }
}

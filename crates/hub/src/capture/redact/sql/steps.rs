//! How much work one statement may cause, counted where it is done.
//!
//! Whoever sends a statement chooses how deep it is nested and how often its literals have to be read, so the sum is
//! bounded and not only each part: what is left when the bound is reached is hidden. Deliberately absent: time, which
//! differs between machines and runs.

use std::cell::Cell;

/// The most steps for each byte of a statement. Usual statements take less than a tenth of them.
const FOR_EACH_BYTE: usize = 256;

/// What a short statement may take all the same.
const AT_LEAST: usize = 16 * 1024;

/// Bytes passed over and tokens looked at, in all readings of a statement and of what is within it.
#[derive(Debug)]
pub(super) struct Steps {
    taken: Cell<usize>,
    most: usize,
}

impl Steps {
    /// None taken yet, and as many allowed as a statement of this length may have.
    pub(super) fn of(length: usize) -> Self {
        Self { taken: Cell::new(0), most: length.saturating_mul(FOR_EACH_BYTE).saturating_add(AT_LEAST) }
    }

    /// So many more were taken.
    pub(super) fn take(&self, count: usize) {
        self.taken.set(self.taken.get().saturating_add(count));
    }

    /// Whether another reading may begin.
    pub(super) fn are_left(&self) -> bool {
        self.taken.get() < self.most
    }

    /// How many were taken so far.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.taken.get()
    }
}

//! Counting what passes: a cell for each worker, which alone writes it, summed up by whoever asks.
//!
//! Deliberately absent: locks and read-modify-write operations; a sum may be a moment old.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// What one worker has counted of one thing. Aligned so that no two workers write to one cache line; processors
/// fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Tally {
    open: AtomicU64,
    begun: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
}

/// The cells of all workers.
pub(crate) type Tallies = Arc<[Tally]>;

/// Sums over all workers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) open: u64,
    pub(crate) begun: u64,
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

/// The cell of one worker.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    all: Tallies,
    mine: usize,
}

/// Cells for so many workers.
pub(crate) fn tallies(workers: usize) -> Tallies {
    (0..workers).map(|_| Tally::default()).collect()
}

/// What all of them have counted.
pub(crate) fn sum(tallies: &Tallies) -> Sums {
    tallies.iter().fold(Sums::default(), |sums, tally| Sums {
        // A worker may be between two of its writes, but never has fewer open than none.
        open: sums.open + tally.open.load(Relaxed),
        begun: sums.begun + tally.begun.load(Relaxed),
        received: sums.received + tally.received.load(Relaxed),
        sent: sums.sent + tally.sent.load(Relaxed),
    })
}

impl Cell {
    /// The cell of the worker of this number; there must be as many cells.
    pub(crate) fn new(all: Tallies, mine: usize) -> Self {
        debug_assert!(mine < all.len());
        Self { all, mine }
    }

    /// One more began.
    pub(crate) fn begin(&self) {
        let tally = &self.all[self.mine];
        add(&tally.open, 1);
        add(&tally.begun, 1);
    }

    /// One that began has ended.
    pub(crate) fn end(&self) {
        let open = &self.all[self.mine].open;
        open.store(open.load(Relaxed).saturating_sub(1), Relaxed);
    }

    /// So many bytes came from clients, and so many went to them.
    pub(crate) fn passed(&self, received: u64, sent: u64) {
        let tally = &self.all[self.mine];
        add(&tally.received, received);
        add(&tally.sent, sent);
    }
}

/// Adds without locking the bus: nobody else writes.
fn add(cell: &AtomicU64, count: u64) {
    cell.store(cell.load(Relaxed).wrapping_add(count), Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_count_apart_and_are_summed() {
        let all = tallies(2);
        let cells = [Cell::new(Arc::clone(&all), 0), Cell::new(Arc::clone(&all), 1)];
        cells[0].begin();
        cells[1].begin();
        cells[1].begin();
        cells[1].end();
        cells[0].passed(3, 4);
        cells[1].passed(10, 20);
        assert_eq!(sum(&all), Sums { open: 2, begun: 3, received: 13, sent: 24 });
    }
}

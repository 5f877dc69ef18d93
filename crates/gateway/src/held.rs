//! Datagrams that faults hold back until their time.
//!
//! Deliberately absent: their order, beyond that of their times; and waiting for room, since datagrams may be lost.

use std::{
    cell::{Cell, RefCell},
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::fault::LARGE_ROOM;

/// What is held for one datagram beside its bytes.
const COST: usize = 256;

/// What waits for its time.
pub(crate) struct Held<T> {
    waiting: RefCell<BinaryHeap<Reverse<Waiting<T>>>>,
    cost: Cell<usize>,
    next: Cell<u64>,
    stirred: Notify,
}

struct Waiting<T> {
    due: Instant,
    /// Those of one time leave in the order in which they came.
    number: u64,
    size: usize,
    what: T,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        let (waiting, cost, next) = (RefCell::default(), Cell::new(0), Cell::new(0));
        Self { waiting, cost, next, stirred: Notify::new() }
    }
}

impl<T> Held<T> {
    /// Holds something of this size until then; beyond what there is room for, it is lost.
    pub(crate) fn put(&self, due: Instant, size: usize, what: T) {
        let cost = self.cost.get() + size + COST;
        if cost > LARGE_ROOM {
            return;
        }
        self.cost.set(cost);
        let number = self.next.replace(self.next.get() + 1);
        self.waiting.borrow_mut().push(Reverse(Waiting { due, number, size, what }));
        self.stirred.notify_one();
    }

    /// From now on nothing waits any longer.
    pub(crate) fn flush(&self, now: Instant) {
        let mut waiting = self.waiting.borrow_mut();
        let mut all = std::mem::take(&mut *waiting).into_vec();
        all.sort_by(|one, other| other.cmp(one));
        for (number, Reverse(one)) in (0..).zip(&mut all) {
            (one.due, one.number) = (now, number);
        }
        self.next.set(self.next.get().max(all.len() as u64));
        *waiting = all.into();
        self.stirred.notify_one();
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.waiting.borrow_mut().clear();
        self.cost.set(0);
    }

    /// What is due next, once it is; for one waiter. Dropped before it is ready, nothing is lost.
    pub(crate) async fn next(&self) -> T {
        loop {
            let due = self.waiting.borrow().peek().map(|Reverse(first)| first.due);
            let Some(due) = due else {
                self.stirred.notified().await;
                continue;
            };
            if due > Instant::now() {
                tokio::select! {
                    () = sleep_until(due) => {}
                    () = self.stirred.notified() => {}
                }
                continue;
            }
            let first = self.waiting.borrow_mut().pop();
            if let Some(Reverse(first)) = first {
                self.cost.set(self.cost.get() - first.size - COST);
                return first.what;
            }
        }
    }
}

impl<T> Ord for Waiting<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl<T> PartialOrd for Waiting<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Eq for Waiting<T> {}

impl<T> PartialEq for Waiting<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn everything_leaves_at_its_time_and_in_its_order() {
        let (held, start) = (Held::default(), Instant::now());
        let ms = |count| start + Duration::from_millis(count);
        for (due, name) in [(20, "c"), (10, "a"), (10, "b"), (500, "d"), (400, "e")] {
            held.put(ms(due), 1, name);
        }
        for (name, at) in [("a", 10), ("b", 10), ("c", 20)] {
            assert_eq!((held.next().await, Instant::now()), (name, ms(at)));
        }
        held.flush(ms(20));
        assert_eq!((held.next().await, held.next().await, Instant::now()), ("e", "d", ms(20)));
        assert_eq!(held.cost.get(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_there_is_no_room_for_is_lost() {
        let (held, now) = (Held::default(), Instant::now());
        held.put(now, LARGE_ROOM, 1);
        held.put(now, LARGE_ROOM - COST, 2);
        held.put(now, 0, 3);
        assert_eq!((held.next().await, held.cost.get()), (2, 0));
        held.put(now, 0, 4);
        assert_eq!(held.next().await, 4);
    }
}

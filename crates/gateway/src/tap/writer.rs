//! What one worker tells: gathered into a batch, which goes out when it is full or old.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use tokio::{
    sync::Notify,
    time::{Duration, sleep},
};

use super::{
    Batch, Begin, Event, Flow, FlowId, Lost, Tap, What,
    channel::{Parcel, Unsent},
    held::Held,
};

/// From so many bytes or events on a batch is full: as much as a buffer holds, and about as many exchanges as are
/// worth waking the keeper for.
pub(super) const FULL: usize = 64 * 1024;
const FULL_EVENTS: usize = 512;

/// How old a batch may become: what nobody notices who watches, and seldom enough that waking the keeper is cheap.
const AGE: Duration = Duration::from_millis(5);

/// How long until an old batch is tried again for which the keeper had no room.
const RETRY: Duration = Duration::from_millis(100);

/// What an event counts for, beside its bytes.
const EVENT: usize = size_of::<Event>();

/// How many flows one writer numbers: above them stands its own number.
const FLOW_BITS: u32 = 40;

/// The pen of one worker.
pub(crate) struct Writer {
    tap: Tap,
    number: u64,
    /// The clock of its events, and what it showed in microseconds since 1970.
    clock: Instant,
    flows: Cell<u64>,
    pending: RefCell<Batch>,
    /// How many batches were sent: the number of the pending one.
    sent: Cell<u64>,
    taken: Arc<AtomicU64>,
    /// Whether somebody sees to it that what is pending goes out.
    tended: Cell<bool>,
    begun: Notify,
    /// Whether the keeper had no place for the pending batch.
    blocked: Cell<bool>,
    /// Whether there is no keeper any more.
    alone: Cell<bool>,
}

impl Writer {
    /// A pen for this tap.
    pub(crate) fn new(tap: Tap) -> Rc<Self> {
        Rc::new(Self {
            number: tap.number(),
            tap,
            clock: Instant::now(),
            flows: Cell::default(),
            pending: RefCell::default(),
            sent: Cell::default(),
            taken: Arc::default(),
            tended: Cell::default(),
            begun: Notify::new(),
            blocked: Cell::default(),
            alone: Cell::default(),
        })
    }

    /// Sends what has become old, for as long as it is polled. While nothing happens it waits without a timer.
    pub(crate) async fn tend(self: Rc<Self>) {
        loop {
            self.begun.notified().await;
            let mut pause = AGE;
            while !self.pending.borrow().events.is_empty() {
                sleep(pause).await;
                pause = if self.send(&mut self.pending.borrow_mut()) { AGE } else { RETRY };
            }
            self.tended.set(false);
        }
    }

    /// Tells that a flow begins; `None` when there is no room for it and its head, and then nothing of it is told.
    pub(crate) fn begin(self: &Rc<Self>, begin: impl FnOnce() -> Begin) -> Option<Flow> {
        // A flow is told of from its head on, or not at all: there is room for more than its begin.
        let room = self.has_room(&mut Held::default(), 0) && {
            let pending = cost(&self.pending.borrow());
            self.tap.has_room(pending + FULL)
        };
        if !room {
            self.tap.lose(Lost { flows: 1, bytes: 0 });
            return None;
        }
        let flow = self.flows.get();
        self.flows.set(flow + 1);
        let id = FlowId(self.number << FLOW_BITS | flow);
        let offset = now() - self.clock.elapsed().as_micros() as i64;
        let flow = Flow::new(Rc::clone(self), id, offset);
        flow.told(What::Begin(Box::new(begin())));
        Some(flow)
    }

    /// Whether so many bytes of a flow that holds back so much may be told now.
    pub(super) fn has_room(&self, held: &mut Held, bytes: usize) -> bool {
        let mut pending = self.pending.borrow_mut();
        let crowded = !pending.bytes.is_empty() && pending.bytes.len() + bytes > FULL;
        if (crowded || is_full(&pending) || self.blocked.get()) && !self.send(&mut pending) {
            return false;
        }
        let more = bytes + EVENT;
        !self.alone.get()
            && held.bytes(self.taken.load(Ordering::Relaxed)) + more <= self.tap.most_of_one()
            && self.tap.has_room(cost(&pending) + more)
    }

    /// Tells something of a flow, with the bytes that it speaks of: only where there is room, or what is told must be,
    /// and is little. `offset` is what the writer's clock is behind the flow's.
    pub(super) fn tell(
        &self,
        (flow, offset): (FlowId, i64),
        held: &mut Held,
        bytes: &[u8],
        what: impl FnOnce(u32) -> What,
    ) {
        let mut pending = self.pending.borrow_mut();
        if self.alone.get() {
            return;
        }
        if pending.events.capacity() == 0 {
            *pending = self.tap.spare();
        }
        held.add(bytes.len() + EVENT, self.sent.get());
        let at = offset + self.clock.elapsed().as_micros() as i64;
        // Where there is room, a batch is far from 4 GiB.
        let what = what(pending.bytes.len() as u32);
        pending.bytes.extend_from_slice(bytes);
        pending.events.push(Event { flow, at, what });
        if is_full(&pending) {
            self.send(&mut pending);
        }
        if !self.tended.replace(true) {
            self.begun.notify_one();
        }
    }

    /// Counts bytes that were not told.
    pub(super) fn lose(&self, bytes: u64) {
        self.tap.lose(Lost { flows: 0, bytes });
    }

    /// Sends what is pending; whether nothing is any more.
    fn send(&self, pending: &mut Batch) -> bool {
        if pending.events.is_empty() {
            return true;
        }
        self.blocked.set(false);
        let cost = cost(pending);
        let batch = std::mem::take(pending);
        match self.tap.send(Parcel { batch, cost, taken: Arc::clone(&self.taken) }) {
            Ok(()) => self.sent.set(self.sent.get() + 1),
            Err(Unsent::Nobody) => self.alone.set(true),
            Err(Unsent::Full(batch)) => {
                self.blocked.set(true);
                *pending = batch;
                return false;
            }
        }
        true
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut pending = self.pending.borrow_mut();
        if !self.send(&mut pending) {
            self.lose(pending.bytes.len() as u64);
        }
    }
}

fn is_full(batch: &Batch) -> bool {
    batch.bytes.len() >= FULL || batch.events.len() >= FULL_EVENTS
}

fn cost(batch: &Batch) -> usize {
    batch.bytes.len() + batch.events.len() * EVENT
}

/// Microseconds since 1970; 0 where the machine's clock shows a time before.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros() as i64)
}

//! One flow, as the worker tells of it.

use std::{cell::Cell, rc::Rc};

use navyd_model::exchange::{Hit, Outcome, Side};

use super::{FlowId, Mark, What, held::Held, writer::Writer};
use crate::net::Ends;

/// A flow whose begin was told. Dropped, it has ended.
pub(crate) struct Flow {
    writer: Rc<Writer>,
    id: FlowId,
    /// What the writer's clock is behind the time: so that a change of the machine's time does not change how long
    /// things took.
    offset: i64,
    held: Cell<Held>,
    /// Bytes of the client and of the server that were not told, and of which nothing was said yet.
    lost: Cell<[u64; 2]>,
    outcome: Cell<Outcome>,
}

/// One direction of a flow, under observation.
pub(crate) struct Watch {
    flow: Rc<Flow>,
    from: Side,
    mark: Mark,
}

impl Flow {
    /// Only for the writer, which tells of its begin.
    pub(super) fn new(writer: Rc<Writer>, id: FlowId, offset: i64) -> Self {
        // What is dropped without another word was left by its client: so ends a stream of HTTP/2.
        let outcome = Cell::new(Outcome::ClientLeft);
        Self { writer, id, offset, held: Cell::default(), lost: Cell::default(), outcome }
    }

    /// A server was reached, between these addresses.
    pub(crate) fn reached(&self, ends: Option<Ends>) {
        if let Some(Ends { ours, theirs: server }) = ends {
            self.told(What::Reached { ours, server });
        }
    }

    /// These bytes went out, or are the next to do so.
    pub(crate) fn bytes(&self, from: Side, mark: Mark, bytes: &[u8]) {
        if bytes.is_empty() && mark != Mark::Datagram {
            return;
        }
        let mut held = self.held.get();
        if !self.writer.has_room(&mut held, bytes.len()) {
            self.held.set(held);
            return self.lose(from, bytes.len() as u64);
        }
        self.admit_loss(&mut held);
        let what = |start| What::Bytes { from, mark, range: start..start + bytes.len() as u32 };
        self.writer.tell((self.id, self.offset), &mut held, bytes, what);
        self.held.set(held);
    }

    /// So many bytes went out without a look at them.
    pub(crate) fn lose(&self, from: Side, count: u64) {
        let mut lost = self.lost.get();
        lost[index(from)] += count;
        self.lost.set(lost);
        self.writer.lose(count);
    }

    /// A fault did something.
    pub(crate) fn hit(&self, hit: Hit) {
        if self.writer.has_room(&mut self.held.get(), 0) {
            self.told(What::Hit(Box::new(hit)));
        }
    }

    /// It goes on as a stream.
    pub(crate) fn upgraded(&self) {
        self.told(What::Upgraded);
    }

    /// This is how it ends, unless something else is said. Where a fault has ended it, whatever else is seen follows
    /// from that.
    pub(crate) fn settle(&self, outcome: Outcome) {
        if self.outcome.get() != Outcome::Fault {
            self.outcome.set(outcome);
        }
    }

    /// Tells something that has no bytes, and of which a flow has few.
    pub(super) fn told(&self, what: What) {
        let mut held = self.held.get();
        self.writer.tell((self.id, self.offset), &mut held, &[], |_| what);
        self.held.set(held);
    }

    /// Tells what was lost, now that there is room.
    fn admit_loss(&self, held: &mut Held) {
        let lost = self.lost.take();
        for from in [Side::Client, Side::Server] {
            let count = lost[index(from)];
            if count > 0 {
                let what = |_| What::Lost { from, count };
                self.writer.tell((self.id, self.offset), held, &[], what);
            }
        }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        let mut held = self.held.get();
        self.admit_loss(&mut held);
        self.told(What::End(self.outcome.get()));
    }
}

impl Watch {
    /// What this side sends, as bytes of this kind.
    pub(crate) fn new(flow: &Rc<Flow>, from: Side, mark: Mark) -> Self {
        Self { flow: Rc::clone(flow), from, mark }
    }

    /// These bytes went out, or are the next to do so.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        self.flow.bytes(self.from, self.mark, bytes);
    }

    /// Whether bytes of this side were lost just now, so that the next ones are likely to be.
    pub(crate) fn is_behind(&self) -> bool {
        self.flow.lost.get()[index(self.from)] > 0
    }

    /// So many went out without a look at them.
    pub(crate) fn lose(&self, count: u64) {
        self.flow.lose(self.from, count);
    }
}

fn index(from: Side) -> usize {
    match from {
        Side::Client => 0,
        Side::Server => 1,
    }
}

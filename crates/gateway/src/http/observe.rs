//! What is told of an exchange to whoever keeps what passes.
//!
//! Heads as their senders wrote them, bodies with the lines of their chunks, pages of our own, and how it ended.
//! Where nobody keeps anything each of these is one test of an empty field. Deliberately absent: requests for the
//! gateway itself, and what is refused before it is understood.

use std::{net::Ipv4Addr, rc::Rc, sync::Arc};

use navyd_h1::forward::Scheme;
use navyd_model::exchange::{Hit, Outcome, Side};

use super::{Connection, reach::Reached, why::Why};
use crate::tap::{Begin, Mark, Plane, Watch};

impl Connection {
    /// The request whose head ends at `end` takes the route that begins there, or leads nowhere.
    pub(super) fn begin(&mut self, route: &Arc<str>, end: usize) {
        let Some(writer) = &self.worker.writer else { return };
        let flow = writer.begin(|| Begin {
            plane: Plane::Http { h2: self.translated },
            route: Arc::clone(route),
            client: self.peer,
            // Unknown only of a connection that has failed already.
            ours: self.ours.unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into()),
            tls: matches!(self.scheme, Scheme::Https),
        });
        self.flow = flow.map(Rc::new);
        if let (Some(flow), Some(read)) = (&self.flow, &self.read) {
            flow.bytes(Side::Client, head(self.translated), &read.filled()[..end]);
        }
    }

    /// A server was reached, perhaps once more.
    pub(super) fn tell_reached(&self, reached: &Reached) {
        if let Some(flow) = &self.flow {
            flow.reached(reached.link.socket.ends());
        }
    }

    /// The server, or we in its place, say this.
    pub(super) fn tell(&self, mark: Mark, bytes: &[u8]) {
        if let Some(flow) = &self.flow {
            flow.bytes(Side::Server, mark, bytes);
        }
    }

    /// The server says this head, in HTTP/2 or not.
    pub(super) fn tell_head(&self, multiplexed: bool, bytes: &[u8]) {
        self.tell(head(multiplexed), bytes);
    }

    /// What is told of a body that comes from there.
    pub(super) fn watch(&self, from: Side) -> Option<Watch> {
        self.flow.as_ref().map(|flow| Watch::new(flow, from, Mark::Body))
    }

    /// Faults did this.
    pub(super) fn tell_hits(&self, hits: Vec<Hit>) {
        if let Some(flow) = &self.flow {
            hits.into_iter().for_each(|hit| flow.hit(hit));
        }
    }

    /// So it ends.
    pub(super) fn settle(&self, outcome: Outcome) {
        if let Some(flow) = &self.flow {
            flow.settle(outcome);
        }
    }
}

fn head(multiplexed: bool) -> Mark {
    if multiplexed { Mark::Translated } else { Mark::Head }
}

/// How an exchange without a response ends.
pub(super) fn outcome(why: &Why) -> Outcome {
    match why {
        Why::ClientLeft | Why::BadBody | Why::SlowBody => Outcome::ClientLeft,
        Why::Closed | Why::CutShort | Why::Silent | Why::Bad(_) => Outcome::ServerLeft,
        Why::Told(_) => Outcome::Unreached,
    }
}

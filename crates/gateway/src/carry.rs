//! Carrying a connection of a route: plainly, or through the faults that lie on it, whichever they are by then.
//!
//! A connection whose faults change is handed from the one relay to the other with every byte that is on its way.

use std::{
    cell::RefCell,
    future::{Future as _, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::Poll,
    time::Instant,
};

use navyd_model::exchange;
use tokio::{
    sync::oneshot,
    task::{AbortHandle, spawn_local},
};

use crate::{
    fault::Passage,
    net::{Guest, Joined, Parted, Place, Side, Socket, pair, relay, shaped},
    site::Site,
    tap::{Flow, Mark, Streaming},
    upstream::Keeping,
    worker::Worker,
};

/// What a connection is carried with.
pub(crate) struct Way<'a> {
    /// Where.
    pub(crate) worker: &'a Worker,
    /// Its route.
    pub(crate) site: &'a Site,
    /// What is told of it.
    pub(crate) flow: Option<&'a Rc<Flow>>,
    /// Which one of the route it is; `None` to be the next one once a fault hits it.
    pub(crate) number: Option<u64>,
}

impl Way<'_> {
    /// Carries it until it is over, and closes it; how it ended. `passage` is what faults have done to it so far.
    pub(crate) async fn carry(
        mut self,
        mut joined: Joined,
        guest: &mut Guest,
        mut passage: Option<Rc<RefCell<Passage>>>,
    ) -> Parted {
        let Self { worker, site, flow, .. } = self;
        let quiet = worker.limits.drain_quiet;
        let count = |there, back| site.tally().passed(there, back);
        let mut known = site.laid();
        let parted = loop {
            if known.is_over() {
                break Parted::Closed;
            }
            if passage.is_none() {
                let (lender, extents) = (&worker.lender, Streaming::both(flow));
                let turns = || !site.has_laid(&known);
                let parted = relay(&mut joined, extents, lender, guest, quiet, count, turns).await;
                if parted != Parted::Turned {
                    break parted;
                }
                known = site.laid();
                if known.is_over() {
                    break Parted::Closed;
                }
            }
            let hit = passage.take().unwrap_or_else(|| self.passage());
            let place = Place { lender: &worker.lender, guest: &mut *guest, quiet };
            let wrote = |from, bytes: &[u8]| {
                let count = bytes.len() as u64;
                match from {
                    exchange::Side::Client => site.tally().passed(count, 0),
                    exchange::Side::Server => site.tally().passed(0, count),
                }
                if let Some(flow) = flow {
                    flow.bytes(from, Mark::Stream, bytes);
                }
            };
            let parted = Box::pin(shaped(&mut joined, &hit, place, || site.laid(), wrote)).await;
            if let Some(flow) = flow {
                hit.borrow_mut().hits().into_iter().for_each(|hit| flow.hit(hit));
            }
            if parted != Parted::Turned {
                break parted;
            }
            // None of them hits this connection, until they change.
            known = site.laid();
        };
        joined.part(parted, &worker.lender, worker.limits.linger).await;
        parted
    }

    /// Carries it without faults until it is over; how it ended.
    pub(crate) async fn plainly(self, mut joined: Joined, guest: &mut Guest) -> Parted {
        let Self { worker, site, flow, .. } = self;
        let count = |there, back| site.tally().passed(there, back);
        let (extents, quiet) = (Streaming::both(flow), worker.limits.drain_quiet);
        relay(&mut joined, extents, &worker.lender, guest, quiet, count, || false).await
    }

    fn passage(&mut self) -> Rc<RefCell<Passage>> {
        let laid = self.site.laid();
        let number = *self.number.get_or_insert_with(|| laid.next_connection());
        Rc::new(RefCell::new(Passage::new(&self.worker.record, &laid, number, Vec::new(), Instant::now())))
    }
}

/// A connection to an upstream that faults hit, whoever is at this end of it. Dropped, it ends.
pub(crate) struct Shaped {
    passage: Rc<RefCell<Passage>>,
    /// What carries it, and how that is told to end by itself; `None` once it was.
    carried: Option<(oneshot::Sender<Over>, AbortHandle)>,
    flow: Option<Rc<Flow>>,
}

/// Whoever was at the near end needs the connection no more.
struct Over {
    /// The near end, with whatever was not read from it.
    near: Socket,
    /// Where the connection goes, if it is as good as one that no fault has hit.
    keeping: Keeping,
}

impl Shaped {
    /// Puts the faults between a connection and whoever uses it: what is at the near end from now on.
    pub(crate) fn new(
        worker: &Rc<Worker>,
        site: &Rc<Site>,
        socket: Socket,
        passage: Passage,
        flow: Option<Rc<Flow>>,
    ) -> (Socket, Self) {
        let (near, far) = pair();
        let ends = socket.ends();
        let passage = Rc::new(RefCell::new(passage));
        let joined =
            Joined::new(Side { socket: Socket::inner(far, None), read: None }, Side { socket, read: None });
        let (over, asked) = oneshot::channel();
        let carried =
            spawn_local(through(Rc::clone(worker), Rc::clone(site), joined, Rc::clone(&passage), asked));
        let shaped = Self { passage, carried: Some((over, carried.abort_handle())), flow };
        (Socket::inner(near, ends), shaped)
    }

    /// Whether a fault has ended it.
    pub(crate) fn is_over(&self) -> bool {
        self.passage.borrow().is_over()
    }

    /// Gives the connection back, given what is at its near end: it is kept if nothing is on its way through the faults
    /// any more, and none of them has anything in mind; otherwise it closes.
    pub(crate) fn give_back(mut self, near: Socket, keeping: Keeping) {
        let Some((over, _)) = self.carried.take() else { return };
        // Where nobody hears it any more, the connection is closed already.
        let _ = over.send(Over { near, keeping });
    }
}

impl Drop for Shaped {
    fn drop(&mut self) {
        if let Some((_, carried)) = &self.carried {
            carried.abort();
        }
        let Some(flow) = &self.flow else { return };
        let mut passage = self.passage.borrow_mut();
        passage.hits().into_iter().for_each(|hit| flow.hit(hit));
        if passage.is_over() {
            flow.settle(exchange::Outcome::Fault);
        }
    }
}

/// Carries what a request and its response say to each other, until nobody needs that any more. It is counted and told
/// where they are understood.
async fn through(
    worker: Rc<Worker>,
    site: Rc<Site>,
    mut joined: Joined,
    passage: Rc<RefCell<Passage>>,
    mut asked: oneshot::Receiver<Over>,
) {
    // It ends with the exchange that it belongs to, which is asked to leave by its own guest.
    let mut guest = worker.hit.enter();
    let (lender, quiet) = (&worker.lender, worker.limits.drain_quiet);
    let parted = loop {
        let carried = {
            let place = Place { lender, guest: &mut guest, quiet };
            let mut carrying = pin!(shaped(&mut joined, &passage, place, || site.laid(), |_, _| {}));
            poll_fn(|cx| match carrying.as_mut().poll(cx) {
                Poll::Ready(parted) => Poll::Ready(Ok(parted)),
                // What could move has moved by now.
                Poll::Pending => Pin::new(&mut asked).poll(cx).map(Err),
            })
            .await
        };
        match carried {
            Ok(Parted::Turned) => {}
            Ok(parted) => break parted,
            Err(over) => {
                // Without a word it is about to be aborted.
                if let Ok(Over { near, keeping }) = over
                    && near.is_quiet()
                    && passage.borrow().rests()
                    && let Some(socket) = joined.unused()
                {
                    keeping.keep(socket);
                }
                return;
            }
        }
        let (known, extents) = (site.laid(), Streaming::both(None));
        let turns = || !site.has_laid(&known);
        let carried = {
            let mut carrying = pin!(relay(&mut joined, extents, lender, &mut guest, quiet, |_, _| {}, turns));
            poll_fn(|cx| match carrying.as_mut().poll(cx) {
                Poll::Ready(parted) => Poll::Ready(Some(parted)),
                // Its faults went while it was used, which is seldom: it closes.
                Poll::Pending => Pin::new(&mut asked).poll(cx).map(|_| None),
            })
            .await
        };
        match carried {
            Some(Parted::Turned) => {}
            Some(parted) => break parted,
            None => return,
        }
    };
    joined.part(parted, lender, worker.limits.linger).await;
}

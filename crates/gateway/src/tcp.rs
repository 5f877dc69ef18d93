//! Routes that carry bytes: nothing is read, nothing understood.

use std::{
    cell::RefCell,
    future::{Future as _, poll_fn},
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::Instant,
};

use navyd_model::exchange::Outcome;
use tokio::time::{sleep, timeout};

use crate::{
    carry::Way,
    fault::{Passage, Then},
    net::{Guest, Joined, Side, Sign, Socket, pair},
    site::Site,
    tap::{self, Begin, Flow, Plane},
    worker::Worker,
};

/// Joins a client with the upstream until both are done, once its service is no longer coming. Without an upstream the client's connection closes: there
/// is no message in which to say why.
pub(crate) async fn serve(
    worker: Rc<Worker>,
    site: Rc<Site>,
    mut client: Socket,
    peer: SocketAddr,
    mut guest: Guest,
) {
    let flow = begin(&worker, &site, &client, peer);
    let site = match site.is_coming() {
        true => match Box::pin(hold(&worker, &site, &mut client, &mut guest)).await {
            Some(site) => site,
            None => return,
        },
        false => site,
    };
    let ongoing = site.begin();
    // Counted whether it is hit or not, so that what hits the next one does not depend on when a fault was laid.
    let laid = site.laid();
    let number = laid.next_connection();
    let mut passage =
        site.is_shaped().then(|| Passage::new(&worker.record, &laid, number, Vec::new(), Instant::now()));
    let then = match &mut passage {
        Some(passage) => match Box::pin(open(passage, &site, &mut client, &mut guest)).await {
            Some(then) => then,
            None => return,
        },
        None => Then::Connect,
    };
    // Whoever is not to be answered is led to the one end of a pair whose other end is silent.
    let mut silence = None;
    let upstream = match then {
        Then::Connect => Box::pin(reach(&ongoing, &mut client, &mut guest)).await,
        Then::Refuse => None,
        Then::Silence => {
            let (end, other) = pair();
            silence = Some(other);
            Some(Socket::inner(end, None))
        }
    };
    let Some(upstream) = upstream else {
        if let Some(flow) = flow {
            passage.iter_mut().flat_map(Passage::hits).for_each(|hit| flow.hit(hit));
            flow.settle(if then == Then::Refuse { Outcome::Fault } else { Outcome::Unreached });
        }
        if then == Then::Refuse {
            client.reset();
        }
        return;
    };
    if let Some(flow) = &flow {
        flow.reached(upstream.ends());
    }
    let joined = Joined::new(Side { socket: client, read: None }, Side { socket: upstream, read: None });
    let passage = passage.map(|passage| Rc::new(RefCell::new(passage)));
    let way = Way { worker: &worker, site: &ongoing, flow: flow.as_ref(), number: Some(number) };
    let parted = way.carry(joined, &mut guest, passage).await;
    drop(silence);
    if let Some(flow) = flow {
        flow.settle(tap::outcome(parted));
    }
}

/// Waits as long as faults say before the upstream is asked; then what they say about that. `None` when the client has
/// left meanwhile, or the gateway ends.
async fn open(passage: &mut Passage, site: &Site, client: &mut Socket, guest: &mut Guest) -> Option<Then> {
    let (delay, then) = passage.opening(Instant::now());
    if delay.is_zero() {
        return Some(then);
    }
    let laid = site.laid();
    let mut waited = pin!(sleep(delay));
    let mut watched = true;
    poll_fn(|cx| {
        if waited.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(then));
        }
        if !site.has_laid(&laid) {
            // Whatever lies on the route now, this wait is no part of it.
            return Poll::Ready(Some(Then::Connect));
        }
        if watched {
            match client.poll_sign(cx) {
                Poll::Ready(Sign::Gone) => return Poll::Ready(None),
                Poll::Ready(Sign::Word | Sign::End) => watched = false,
                Poll::Pending => {}
            }
        }
        if guest.should_leave(cx) { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// Connects to the upstream. `None` when it cannot be reached, or the client or the route has gone meanwhile.
async fn reach(site: &Site, client: &mut Socket, guest: &mut Guest) -> Option<Socket> {
    let mut dialled = pin!(site.pool().dial());
    let mut watched = true;
    poll_fn(|cx| {
        if let Poll::Ready(dialled) = dialled.as_mut().poll(cx) {
            return Poll::Ready(dialled.ok());
        }
        if watched {
            match client.poll_sign(cx) {
                Poll::Ready(Sign::Gone) => return Poll::Ready(None),
                Poll::Ready(Sign::Word | Sign::End) => watched = false,
                Poll::Pending => {}
            }
        }
        // Told here that its route has changed; what has begun to connect does so even while the gateway ends.
        guest.should_leave(cx);
        if site.laid().is_over() { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// Tells that a connection has come, where the route is observed.
fn begin(worker: &Worker, site: &Site, client: &Socket, peer: SocketAddr) -> Option<Rc<Flow>> {
    let (writer, route) = (worker.writer.as_ref()?, site.told()?);
    let flow = writer.begin(|| Begin {
        plane: Plane::Tcp,
        route: Arc::clone(route),
        client: peer,
        // Unknown only of a connection that has failed already.
        ours: client.ours().unwrap_or((Ipv4Addr::UNSPECIFIED, 0).into()),
        tls: false,
    });
    flow.map(Rc::new)
}

/// Waits for the service, for as long as a request would; then the route as it is by then. `None` when the client has
/// left meanwhile, the gateway ends or the route is gone.
async fn hold(worker: &Worker, site: &Site, client: &mut Socket, guest: &mut Guest) -> Option<Rc<Site>> {
    let standing = site.standing()?;
    let mut settled = pin!(timeout(worker.limits.hold, standing.settled()));
    let mut watched = true;
    let stays = poll_fn(|cx| {
        if let Poll::Ready(settled) = settled.as_mut().poll(cx) {
            return Poll::Ready(settled.is_ok());
        }
        if watched {
            match client.poll_sign(cx) {
                Poll::Ready(Sign::Gone) => return Poll::Ready(false),
                // It has spoken first, or says nothing at all: either way it may wait for an answer.
                Poll::Ready(Sign::Word | Sign::End) => watched = false,
                Poll::Pending => {}
            }
        }
        if guest.should_leave(cx) { Poll::Ready(false) } else { Poll::Pending }
    });
    if stays.await { worker.current(site) } else { None }
}

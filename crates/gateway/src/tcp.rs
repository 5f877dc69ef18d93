//! Routes that carry bytes: nothing is read, nothing understood.

use std::{
    future::{Future as _, poll_fn},
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::Poll,
};

use navyd_model::exchange::Outcome;
use tokio::time::timeout;

use crate::{
    net::{Guest, Side, Sign, Socket, relay},
    site::Site,
    tap::{self, Begin, Flow, Plane, Streaming},
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
    let Ok(upstream) = site.pool().dial().await else {
        if let Some(flow) = flow {
            flow.settle(Outcome::Unreached);
        }
        return;
    };
    if let Some(flow) = &flow {
        flow.reached(upstream.ends());
    }
    let sides = (Side { socket: client, read: None }, Side { socket: upstream, read: None });
    let extents = Streaming::both(flow.as_ref());
    let count = |there, back| ongoing.tally().passed(there, back);
    let parted = relay(sides, extents, &worker.lender, &mut guest, worker.limits.drain_quiet, count).await;
    if let Some(flow) = flow {
        flow.settle(tap::outcome(parted));
    }
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

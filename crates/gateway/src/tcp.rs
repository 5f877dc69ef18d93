//! Routes that carry bytes: nothing is read, nothing understood.

use std::rc::Rc;

use crate::{
    net::{Guest, Side, Socket, relay},
    site::Site,
    worker::Worker,
};

/// Joins a client with the upstream until both are done. Without an upstream the client's connection closes: there
/// is no message in which to say why.
pub(crate) async fn serve(worker: Rc<Worker>, site: Rc<Site>, client: Socket, mut guest: Guest) {
    let ongoing = site.begin();
    let Ok(upstream) = site.pool().dial().await else { return };
    let sides = (Side { socket: client, read: None }, Side { socket: upstream, read: None });
    let count = |there, back| ongoing.tally().passed(there, back);
    relay(sides.0, sides.1, &worker.lender, &mut guest, worker.limits.drain_quiet, count).await;
}

//! A look around when an upstream failed, for the page that tells of it.

use jiff::Timestamp;
use tokio::time::timeout;

use crate::{
    net::Socket,
    pages::{Account, holder, other_loopback},
    site::Site,
    worker::Worker,
};

/// What can be learned of the upstream in a moment; `None` of who answers for the gateway itself. Where nothing listens,
/// the other loopback address is tried with a connection that says nothing.
pub(super) async fn look(site: &Site, worker: &Worker, refused: bool) -> Option<Account> {
    let upstream = site.upstream()?.clone();
    let service = site.standing().map(|standing| standing.service());
    let mut elsewhere = other_loopback(&upstream).filter(|address| refused && !worker.own.answers(*address));
    if let Some(address) = elsewhere {
        let answered = timeout(worker.limits.glance, Socket::connect(address)).await;
        if !matches!(answered, Ok(Ok(_))) {
            elsewhere = None;
        }
    }
    let holder = holder(&upstream, service.as_ref(), &worker.table().routes);
    Some(Account { upstream, service, elsewhere, holder, now: Timestamp::now() })
}

//! Reaching the upstream of a route: at once when it is there, later when its service is coming.
//!
//! A request that waits has not been read beyond its head, so its body waits with its client.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::Poll,
};

use navyd_model::{Phase, Scheme, exchange::Outcome};
use tokio::time::{Duration, Instant, sleep, timeout};

use super::{Connection, fate::Met, look::look, why};
use crate::{
    fault::{Passage, Then},
    net::{Inner, Sign, Socket, pair},
    pages::{self, Page},
    site::Site,
    standing::{Mark, Standing},
    upstream::{Link, Target, Unreached},
};

/// How often a request that a restart has cut off is sent again. Few, because it may be what ends the service.
const REPEATS: u8 = 2;

/// How much longer a request waits for its service.
#[derive(Default)]
pub(super) struct Patience {
    until: Option<Instant>,
    /// Whether the upstream was tried although nothing had changed.
    tried: bool,
    /// How often the request was sent again although its connection was new.
    repeated: u8,
    /// Whether an answer has broken off within its head.
    broken: bool,
    /// What faults do to the exchange, before it is used.
    pub(super) passage: Option<Passage>,
    /// What it has to do with them at all.
    pub(super) met: Met,
}

/// A connection to an upstream.
pub(super) struct Reached {
    pub(super) link: Link,
    /// How its service was known before it connected.
    pub(super) before: Option<Mark>,
    /// What is in the upstream's place, where the client is to hear nothing.
    _silence: Option<Inner>,
}

impl Reached {
    /// By a connection that was kept.
    pub(super) fn kept(link: Link) -> Self {
        Self { link, before: None, _silence: None }
    }
}

/// Why an upstream was not reached.
pub(super) enum Missed {
    /// The client is told.
    Told(Page),
    /// The client has left.
    ClientLeft,
    /// A fault turns the client away.
    Refused,
}

/// Why a wait ended early.
enum Parting {
    ClientLeft,
    Ending,
}

impl Patience {
    /// What is left of so much since this was asked first.
    fn left(&mut self, all: Duration) -> Duration {
        let until = *self.until.get_or_insert_with(|| Instant::now() + all);
        until.saturating_duration_since(Instant::now())
    }
}

impl Connection {
    /// A connection to the upstream, and a new one if so wanted. `site` becomes the route as it is by then.
    pub(super) async fn reach(
        &mut self,
        site: &mut Rc<Site>,
        patience: &mut Patience,
        new: bool,
    ) -> Result<Reached, Missed> {
        loop {
            self.hold(site, patience).await?;
            let mut passage = patience.passage.take().or_else(|| self.passage(site, &mut patience.met));
            let then = match &mut passage {
                Some(passage) => self.open(passage).await?,
                None => Then::Connect,
            };
            if then == Then::Silence {
                let (end, silence) = pair();
                let mut link = Link::silent(Socket::inner(end, None));
                self.shape(site, &mut link, passage);
                return Ok(Reached { link, before: None, _silence: Some(silence) });
            }
            // News that come while it connects count as well.
            let before = site.standing().map(Standing::mark);
            let linked = match (self.is_multiplexed(site), new) {
                (true, _) => site.pool().call(&self.worker.lender, self.wants.websocket).await,
                (false, true) => site.pool().fresh().await,
                (false, false) => site.pool().link().await,
            };
            let unreached = match linked {
                Ok(mut link) => {
                    self.shape(site, &mut link, passage);
                    return Ok(Reached { link, before, _silence: None });
                }
                Err(unreached) => unreached,
            };
            let never = matches!(unreached, Unreached::Loop | Unreached::Tunnelless);
            let again = !never && self.comes_back(site, before, patience).await?;
            if !again {
                let refused = matches!(unreached, Unreached::Refused(_));
                let account = look(site, &self.worker, refused).await;
                return Err(Missed::Told(why::unreached(unreached, account.as_ref())));
            }
        }
    }

    /// Waits as long as faults say before the upstream is asked; then what they say about that.
    async fn open(&mut self, passage: &mut Passage) -> Result<Then, Missed> {
        let (delay, then) = passage.opening(std::time::Instant::now());
        if !delay.is_zero() && self.meanwhile(sleep(delay)).await.is_err() {
            return Err(Missed::ClientLeft);
        }
        if then == Then::Refuse {
            self.tell_hits(passage.hits());
            self.settle(Outcome::Fault);
            return Err(Missed::Refused);
        }
        Ok(then)
    }

    /// Whether the request goes by HTTP/2: the route says so, or it is one of gRPC, which has no other way.
    pub(super) fn is_multiplexed(&self, site: &Site) -> bool {
        match site.pool().target() {
            Target::Upstream(upstream) => upstream.scheme == Scheme::H2c || self.wants.grpc,
            Target::Home(_) => false,
        }
    }

    /// Another connection for a request to which this one was closed without a word, if it may be sent again: because
    /// the connection has been used before, or because the service restarts.
    pub(super) async fn reach_again(
        &mut self,
        site: &mut Rc<Site>,
        patience: &mut Patience,
        closed: &Reached,
    ) -> Result<Option<Reached>, Missed> {
        if !closed.link.reused {
            if patience.repeated >= REPEATS {
                return Ok(None);
            }
            patience.repeated += 1;
            // Nothing but news of the service tells a restart from an answer that the service refuses.
            patience.tried = true;
            if !self.comes_back(site, closed.before, patience).await? {
                return Ok(None);
            }
        }
        self.reach(site, patience, true).await.map(Some)
    }

    /// Another connection for a request whose answer broke off within its head; only once for each request, because a
    /// second upstream that dies of it is no accident.
    pub(super) async fn reach_once_more(
        &mut self,
        site: &mut Rc<Site>,
        patience: &mut Patience,
    ) -> Result<Option<Reached>, Missed> {
        match std::mem::replace(&mut patience.broken, true) {
            true => Ok(None),
            false => self.reach(site, patience, true).await.map(Some),
        }
    }

    /// Waits while the service is coming.
    async fn hold(&mut self, site: &mut Rc<Site>, patience: &mut Patience) -> Result<(), Missed> {
        while site.is_coming() {
            let waiting = Rc::clone(site);
            let Some(standing) = waiting.standing() else { return Ok(()) };
            let left = patience.left(self.worker.limits.hold);
            match self.meanwhile(timeout(left, standing.settled())).await {
                Ok(Ok(())) => {}
                Err(Parting::ClientLeft) => return Err(Missed::ClientLeft),
                Ok(Err(_)) | Err(Parting::Ending) => {
                    let account = look(site, &self.worker, false).await;
                    return Err(Missed::Told(account.as_ref().map_or_else(pages::homeless, pages::late)));
                }
            }
            self.look_again(site)?;
        }
        Ok(())
    }

    /// After a failure: whether the service is coming, or has changed meanwhile, so that it is worth trying again.
    async fn comes_back(
        &mut self,
        site: &mut Rc<Site>,
        before: Option<Mark>,
        patience: &mut Patience,
    ) -> Result<bool, Missed> {
        if site.is_coming() {
            return Ok(true);
        }
        let waiting = Rc::clone(site);
        let (Some(standing), Some(before)) = (waiting.standing(), before) else { return Ok(false) };
        if standing.phase() != Phase::Ready {
            return Ok(false);
        }
        let limits = Rc::clone(&self.worker.limits);
        let left = patience.left(limits.hold).min(limits.notice);
        let news = match self.meanwhile(standing.stirs(before, left)).await {
            Ok(news) => news,
            Err(Parting::ClientLeft) => return Err(Missed::ClientLeft),
            Err(Parting::Ending) => return Ok(false),
        };
        self.look_again(site)?;
        // Without news, one more attempt: they may have come just before they were waited for.
        Ok((news && !left.is_zero()) || !std::mem::replace(&mut patience.tried, true))
    }

    /// The route as it is now.
    fn look_again(&self, site: &mut Rc<Site>) -> Result<(), Missed> {
        match self.worker.current(site) {
            Some(current) => *site = current,
            None => return Err(Missed::Told(pages::gone())),
        }
        Ok(())
    }

    /// Waits for this, as long as the client does and the gateway runs.
    async fn meanwhile<T>(&mut self, waiting: impl Future<Output = T>) -> Result<T, Parting> {
        let mut waiting = pin!(waiting);
        let mut watched = true;
        poll_fn(|cx| {
            if let Poll::Ready(value) = waiting.as_mut().poll(cx) {
                return Poll::Ready(Ok(value));
            }
            if watched {
                match self.socket.poll_sign(cx) {
                    Poll::Ready(Sign::Gone) => return Poll::Ready(Err(Parting::ClientLeft)),
                    // It says more, or no more: either way it may wait for this answer.
                    Poll::Ready(Sign::Word | Sign::End) => watched = false,
                    Poll::Pending => {}
                }
            }
            if self.guest.should_leave(cx) { Poll::Ready(Err(Parting::Ending)) } else { Poll::Pending }
        })
        .await
    }
}

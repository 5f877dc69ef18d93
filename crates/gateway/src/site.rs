//! A route as one worker carries it, and all of them as a table.

use std::{cell::RefCell, ops::Deref, rc::Rc, sync::Arc};

use navyd_model::{Scheme, Upstream};
use tokio::sync::Notify;

use crate::{
    fault::Laid,
    router::Routes,
    standing::Standing,
    tally::Cell,
    upstream::{Pool, Target},
};

/// A route of one worker.
pub(crate) struct Site {
    number: u32,
    /// Its name in Via, which no other route of any gateway has.
    via: String,
    pool: Rc<Pool>,
    standing: Option<Standing>,
    tally: Cell,
    /// Where the route begins.
    name: Arc<str>,
    /// Whether what passes is told.
    told: bool,
    /// The faults that lie on it.
    laid: RefCell<Arc<Laid>>,
}

impl Site {
    /// A route of this number, in the gateway of this identity.
    pub(crate) fn new(
        number: u32,
        via: String,
        pool: Rc<Pool>,
        standing: Option<Standing>,
        tally: Cell,
        (name, told): (Arc<str>, bool),
    ) -> Self {
        Self { number, via, pool, standing, tally, name, told, laid: RefCell::default() }
    }

    /// Its number, which stays the same while its upstream may change.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Its name in Via.
    pub(crate) fn via(&self) -> &str {
        &self.via
    }

    /// Connections to its upstream.
    pub(crate) fn pool(&self) -> &Rc<Pool> {
        &self.pool
    }

    /// Where it leads; `None` when it is the gateway's own home.
    pub(crate) fn upstream(&self) -> Option<&Upstream> {
        match self.pool.target() {
            Target::Upstream(upstream) => Some(upstream),
            Target::Home(_) => None,
        }
    }

    /// Whether it is the gateway's own home.
    pub(crate) fn is_home(&self) -> bool {
        matches!(self.pool.target(), Target::Home(_))
    }

    /// Whether requests take it, rather than bytes.
    pub(crate) fn is_http(&self) -> bool {
        self.upstream().is_none_or(|upstream| matches!(upstream.scheme, Scheme::Http | Scheme::H2c))
    }

    /// Whether requests should wait for its service.
    pub(crate) fn is_coming(&self) -> bool {
        self.standing.as_ref().is_some_and(Standing::is_coming)
    }

    /// What is known of its service.
    pub(crate) fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Where the route begins, if what passes is told.
    pub(crate) fn told(&self) -> Option<&Arc<str>> {
        self.told.then_some(&self.name)
    }

    /// Where the route begins; nothing of the gateway's own home.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The faults that lie on it.
    pub(crate) fn laid(&self) -> Arc<Laid> {
        Arc::clone(&self.laid.borrow())
    }

    /// Whether these faults still lie on it.
    pub(crate) fn has_laid(&self, laid: &Arc<Laid>) -> bool {
        Arc::ptr_eq(&self.laid.borrow(), laid)
    }

    /// From now on these faults lie on it.
    pub(crate) fn lay(&self, laid: &Arc<Laid>) {
        self.laid.replace(Arc::clone(laid));
    }

    /// Whether faults hit its connections.
    pub(crate) fn is_shaped(&self) -> bool {
        self.laid.borrow().shapes_streams()
    }

    /// Whether faults hit its datagrams.
    pub(crate) fn shapes_datagrams(&self) -> bool {
        self.laid.borrow().shapes_datagrams()
    }

    /// Counts what passes.
    pub(crate) fn tally(&self) -> &Cell {
        &self.tally
    }

    /// Counts a request or connection for as long as the value lives.
    pub(crate) fn begin(self: &Rc<Self>) -> Ongoing {
        self.tally.begin();
        Ongoing(Rc::clone(self))
    }
}

/// A request or connection that takes a route.
pub(crate) struct Ongoing(Rc<Site>);

impl Ongoing {
    /// The route.
    pub(crate) fn site(&self) -> &Rc<Site> {
        &self.0
    }
}

impl Deref for Ongoing {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.0
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.0.tally.end();
    }
}

/// All routes of one worker, as they are until the next change.
#[derive(Default)]
pub(crate) struct Table {
    /// How they are found.
    pub(crate) routes: Arc<Routes>,
    /// Each, in the same order.
    pub(crate) sites: Vec<Rc<Site>>,
}

/// A listening address of one route: its connections learn here where it leads now.
#[derive(Default)]
pub(crate) struct Gate {
    site: RefCell<Option<Rc<Site>>>,
    closed: Notify,
}

impl Gate {
    /// Where it leads; `None` once the route is gone.
    pub(crate) fn site(&self) -> Option<Rc<Site>> {
        self.site.borrow().clone()
    }

    /// Whether the route is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.site.borrow().is_none()
    }

    /// From now on it leads there.
    pub(crate) fn lead(&self, site: &Rc<Site>) {
        self.site.replace(Some(Rc::clone(site)));
    }

    /// The route is gone.
    pub(crate) fn close(&self) {
        self.site.replace(None);
        self.closed.notify_one();
    }

    /// Ready once the route is gone; for one waiter.
    pub(crate) async fn closed(&self) {
        self.closed.notified().await;
    }
}

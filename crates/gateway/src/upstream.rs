//! Connections to an upstream: opened, kept for the next request, and never more than a cap.

use std::{
    cell::{Cell, RefCell},
    io,
    ops::RangeInclusive,
    path::PathBuf,
    rc::Rc,
};

use navyd_model::Upstream;
use tokio::{
    net::lookup_host,
    sync::Notify,
    time::{Duration, Instant, sleep, timeout},
};

use crate::{
    carry::Shaped,
    h2::{Called, Calls},
    limits::Limits,
    net::{Lender, Socket, pair},
    own::Own,
};

/// Between two looks through idle connections, while there are any: when the first of them is due, but seldom enough
/// that nobody notices them, and often enough that one which the upstream has closed does not stay for long.
const SWEEP: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(10);

/// Why an upstream cannot be reached.
#[derive(Debug)]
pub(crate) enum Unreached {
    /// It is this gateway, and leads to nowhere else.
    Loop,
    /// Nothing listens there, or it fails otherwise.
    Refused(io::Error),
    /// It does not answer in time: its queue is full.
    Silent,
    /// It is there, speaks HTTP/2, and takes no WebSocket.
    Tunnelless,
}

/// Where connections lead.
pub(crate) enum Target {
    /// Where a route leads.
    Upstream(Upstream),
    /// To who answers for the gateway itself, at this socket in the file system.
    Home(PathBuf),
}

/// The connections of one worker to one upstream.
pub(crate) struct Pool {
    target: Target,
    own: Rc<Own>,
    limits: Rc<Limits>,
    /// Kept connections, the one used last on top.
    idle: RefCell<Vec<Idle>>,
    /// Connections in use.
    busy: Cell<usize>,
    freed: Notify,
    /// Which of the upstream's addresses answered last.
    answered: Cell<usize>,
    sweeping: Cell<bool>,
    closed: Cell<bool>,
    /// The connection that carries HTTP/2, where there is one.
    calls: Rc<Calls>,
}

struct Idle {
    socket: Socket,
    until: Instant,
}

/// A connection to an upstream, in use.
pub(crate) struct Link {
    /// The connection.
    pub(crate) socket: Socket,
    /// Whether it has carried a request before, so that the upstream may have closed it meanwhile.
    pub(crate) reused: bool,
    /// What faults do to it, where any hit it.
    pub(crate) hit: Option<Shaped>,
    slot: Slot,
}

/// The place of a connection among those that are kept.
pub(crate) struct Keeping {
    pool: Rc<Pool>,
    until: Instant,
    /// Its place among those in use, until then.
    _slot: Slot,
}

/// One of the connections that are allowed.
struct Slot(Option<Rc<Pool>>);

impl Pool {
    /// No connections yet.
    pub(crate) fn new(target: Target, own: Rc<Own>, limits: Rc<Limits>) -> Self {
        Self {
            target,
            own,
            limits,
            idle: RefCell::default(),
            busy: Cell::new(0),
            freed: Notify::new(),
            answered: Cell::new(0),
            sweeping: Cell::new(false),
            closed: Cell::new(false),
            calls: Rc::default(),
        }
    }

    /// Where it leads.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// A kept connection, if there is one that is still open as far as is known.
    pub(crate) fn reuse(self: &Rc<Self>) -> Option<Link> {
        loop {
            let idle = self.idle.borrow_mut().pop()?;
            if idle.is_good(Instant::now()) {
                let (socket, slot) = (idle.socket, Slot::take(self));
                return Some(Link { socket, reused: true, hit: None, slot });
            }
        }
    }

    /// A kept connection or a new one; waits while all that are allowed are in use.
    pub(crate) async fn link(self: &Rc<Self>) -> Result<Link, Unreached> {
        let free = async {
            while self.busy.get() >= self.limits.upstream_connections {
                self.freed.notified().await;
            }
        };
        timeout(self.limits.response, free).await.map_err(|_| Unreached::Silent)?;
        match self.reuse() {
            Some(link) => Ok(link),
            None => self.fresh().await,
        }
    }

    /// A new connection.
    pub(crate) async fn fresh(self: &Rc<Self>) -> Result<Link, Unreached> {
        // Taken before waiting, so that no other takes it meanwhile.
        let slot = Slot::take(self);
        Ok(Link { socket: self.dial().await?, reused: false, hit: None, slot })
    }

    /// What carries one request to an upstream that speaks HTTP/2, outside of the cap: the upstream says itself how
    /// many it takes. A `tunnel` is a WebSocket, which it need not take.
    pub(crate) async fn call(&self, lender: &Lender, tunnel: bool) -> Result<Link, Unreached> {
        let Called { socket, reused } = self.calls.call(self.dial(), lender, &self.limits, tunnel).await?;
        Ok(Link { socket, reused, hit: None, slot: Slot(None) })
    }

    /// Connects, to the address that answered last before the others; outside of the cap.
    pub(crate) async fn dial(&self) -> Result<Socket, Unreached> {
        let upstream = match &self.target {
            Target::Upstream(upstream) => upstream,
            Target::Home(path) => return Socket::connect_local(path).await.map_err(Unreached::Refused),
        };
        let addresses: Vec<_> = match upstream.elsewhere() {
            // Asked for each connection, since the host may come, go and move meanwhile.
            Some(name) => {
                let found = timeout(self.limits.connect, lookup_host((name, upstream.port))).await;
                found.map_err(|_| Unreached::Silent)?.map_err(Unreached::Refused)?.collect()
            }
            None => upstream.addresses().collect(),
        };
        let mut addresses: Vec<_> = addresses.into_iter().enumerate().collect();
        let answered = self.answered.get().min(addresses.len().saturating_sub(1));
        addresses.rotate_left(answered);
        let mut last = Unreached::Refused(io::ErrorKind::AddrNotAvailable.into());
        for (number, address) in addresses {
            if self.own.keeps(address) {
                return Err(Unreached::Loop);
            }
            last = match timeout(self.limits.connect, Socket::connect(address)).await {
                Ok(Ok(socket)) => {
                    self.answered.set(number);
                    return Ok(socket);
                }
                Ok(Err(error)) => Unreached::Refused(error),
                Err(_) => Unreached::Silent,
            };
        }
        Err(last)
    }

    /// Keeps a connection whose last response is complete. `promised` is how long the upstream says it stays open.
    pub(crate) fn keep(self: &Rc<Self>, link: Link, promised: Option<Duration>) {
        // A second less than promised, because a request that arrives just then is lost.
        let promised = promised.map_or(Duration::MAX, |time| time.saturating_sub(Duration::from_secs(1)));
        let time = self.limits.upstream_idle.min(promised);
        let Link { socket, hit, slot, .. } = link;
        if time.is_zero() {
            return;
        }
        let keeping = Keeping { pool: Rc::clone(self), _slot: slot, until: Instant::now() + time };
        match hit {
            Some(hit) => hit.give_back(socket, keeping),
            None => keeping.keep(socket),
        }
    }

    /// Closes every kept connection, and keeps no other.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.idle.borrow_mut().clear();
        self.calls.close();
    }

    /// Closes kept connections that the upstream has closed, or whose time is over, until there are none.
    async fn sweep(self: Rc<Self>) {
        while let Some(due) = self.due() {
            let pause = due.saturating_duration_since(Instant::now());
            sleep(pause.clamp(*SWEEP.start(), *SWEEP.end())).await;
            let now = Instant::now();
            self.idle.borrow_mut().retain(|idle| idle.is_good(now));
        }
        self.sweeping.set(false);
    }

    /// When the time of the first kept connection is over.
    fn due(&self) -> Option<Instant> {
        self.idle.borrow().iter().map(|idle| idle.until).min()
    }
}

impl Idle {
    /// Whether its time is not over, and the upstream has not closed it.
    fn is_good(&self, now: Instant) -> bool {
        self.until > now && self.socket.is_quiet()
    }
}

impl Link {
    /// One that leads nowhere.
    pub(crate) fn silent(socket: Socket) -> Self {
        Self { socket, reused: false, hit: None, slot: Slot(None) }
    }

    /// Puts faults between it and whoever uses it.
    pub(crate) fn shape(&mut self, shape: impl FnOnce(Socket) -> (Socket, Shaped)) {
        // Nobody looks at what is in its place meanwhile.
        let socket = std::mem::replace(&mut self.socket, Socket::inner(pair().0, None));
        let (socket, hit) = shape(socket);
        (self.socket, self.hit) = (socket, Some(hit));
    }

    /// Whether a fault has ended it.
    pub(crate) fn is_over(&self) -> bool {
        self.hit.as_ref().is_some_and(Shaped::is_over)
    }

    /// It carries no more requests and stays open for as long as it likes, so it no longer counts.
    pub(crate) fn leave(&mut self) {
        self.slot.free();
    }
}

impl Keeping {
    /// Keeps this connection, which is as good as one that has just answered.
    pub(crate) fn keep(self, socket: Socket) {
        let Self { pool, until, .. } = self;
        if pool.closed.get() {
            return;
        }
        pool.idle.borrow_mut().push(Idle { socket, until });
        if !pool.sweeping.replace(true) {
            tokio::task::spawn_local(pool.sweep());
        }
    }
}

impl Slot {
    fn take(pool: &Rc<Pool>) -> Self {
        pool.busy.set(pool.busy.get() + 1);
        Self(Some(Rc::clone(pool)))
    }

    fn free(&mut self) {
        if let Some(pool) = self.0.take() {
            pool.busy.set(pool.busy.get() - 1);
            pool.freed.notify_one();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.free();
    }
}

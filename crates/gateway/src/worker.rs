//! A worker: one thread with its own runtime, its own listening sockets and its own connections to upstreams.
//!
//! Nothing is shared between workers but the table of routes, which each of them takes over when it changes, so
//! nothing on the way of a byte is locked.

use std::{cell::RefCell, io, net::SocketAddr, path::PathBuf, rc::Rc, sync::Arc};

use navyd_h1 as h1;
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::{mpsc, watch},
    task::{JoinSet, LocalSet, spawn_local},
    time::timeout,
};

use crate::{
    agreement::Voice,
    breakpoint::Breakpoints,
    doors::Doors,
    entrances::{Entrances, Opened},
    fault::{Laid, Record},
    limits::Limits,
    listen,
    net::{Drain, Lender, Socket},
    own::Own,
    plan::{Leaving, Observe},
    router::Routes,
    seats::{Seat, Seats},
    site::{Gate, Site, Table},
    sniff,
    standing::Standing,
    tally::{self, Cell, Tallies},
    tap::{Tap, Writer},
    tcp,
    upstream::{Pool, Target},
};

/// What all workers are told.
#[derive(Clone)]
pub(crate) struct Order {
    /// Where names are served.
    pub(crate) listen: Vec<SocketAddr>,
    /// A number that no other gateway is likely to have.
    pub(crate) identity: u32,
    /// The limits.
    pub(crate) limits: Limits,
    /// Who answers for the gateway itself.
    pub(crate) home: Option<PathBuf>,
    /// How TLS is spoken, where it is.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Where what passes is told.
    pub(crate) tap: Option<Tap>,
    /// What faults choose, and have chosen.
    pub(crate) record: Arc<Record>,
    /// What holds exchanges on their way.
    pub(crate) breakpoints: Breakpoints,
    /// Counts the connections of clients.
    pub(crate) accepted: Tallies,
    /// Whether the gateway ends.
    pub(crate) ending: watch::Receiver<End>,
}

/// Whether the gateway ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It runs.
    No,
    /// What is in flight finishes.
    Drain,
    /// At once.
    Now,
}

/// Other routes, as one worker is told of them.
pub(crate) struct Change {
    /// All of them.
    pub(crate) routes: Arc<Routes>,
    /// The gateway's own addresses.
    pub(crate) own: Vec<SocketAddr>,
    /// The listening sockets that are new.
    pub(crate) doors: Doors,
    /// Where this worker says whether it can.
    pub(crate) voice: Voice,
}

/// What a listening socket is for.
#[derive(Clone)]
pub(crate) enum Door {
    /// All names, and the gateway's own page.
    Names,
    /// One route.
    Gate(Rc<Gate>),
}

impl Door {
    /// Whether it led to a route that is gone.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Gate(gate) if gate.is_closed())
    }
}

/// What the connections of one worker have in common.
pub(crate) struct Worker {
    /// Where names are served.
    pub(crate) listen: Vec<SocketAddr>,
    /// The limits.
    pub(crate) limits: Rc<Limits>,
    /// Those of a head.
    pub(crate) head_limits: h1::Limits,
    /// Buffers and pipes.
    pub(crate) lender: Lender,
    /// How TLS is spoken, where it is.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Who answers for the gateway itself.
    pub(crate) home: Option<Rc<Site>>,
    /// The gateway's own addresses.
    pub(crate) own: Rc<Own>,
    /// Tells what passes, where anybody is told.
    pub(crate) writer: Option<Rc<Writer>>,
    /// What faults choose, and have chosen.
    pub(crate) record: Arc<Record>,
    /// What holds exchanges on their way.
    pub(crate) breakpoints: Breakpoints,
    /// Connections to upstreams that faults hit.
    pub(crate) hit: Rc<Drain>,
    number: usize,
    identity: u32,
    table: RefCell<Rc<Table>>,
    changes: std::cell::Cell<u64>,
    seats: Rc<Seats>,
}

/// Runs a worker until it has drained. Where the system gives no event queue or refuses a socket, it says so instead of
/// taking over the first routes.
pub(crate) fn run(
    number: usize,
    order: Order,
    names: Vec<std::net::TcpListener>,
    first: Change,
    changes: mpsc::Receiver<Change>,
) {
    let runtime = match Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            drop(names);
            return first.voice.cannot(error);
        }
    };
    LocalSet::new().block_on(&runtime, Worker::new(number, &order).serve(order, names, first, changes));
}

impl Worker {
    fn new(number: usize, order: &Order) -> Rc<Self> {
        let limits = Rc::new(order.limits.clone());
        let own = Rc::new(Own::default());
        let head_limits = limits.of_heads();
        let seats = Seats::new(
            limits.connections,
            limits.connections_per_peer,
            Cell::new(Arc::clone(&order.accepted), number),
        );
        let home = order.home.clone().map(|path| {
            let pool = Pool::new(Target::Home(path), Rc::clone(&own), Rc::clone(&limits));
            let via = format!("navyd-{:08x}-home", order.identity);
            let tally = Cell::new(tally::tallies(1), 0);
            Rc::new(Site::new(u32::MAX, via, Rc::new(pool), None, tally, (Arc::default(), false)))
        });
        Rc::new(Self {
            listen: order.listen.clone(),
            limits,
            head_limits,
            lender: Lender::default(),
            tls: order.tls.clone(),
            home,
            own,
            writer: order.tap.clone().map(Writer::new),
            record: Arc::clone(&order.record),
            breakpoints: order.breakpoints.clone(),
            hit: Rc::default(),
            number,
            identity: order.identity,
            table: RefCell::default(),
            changes: std::cell::Cell::default(),
            seats: Rc::new(seats),
        })
    }

    async fn serve(
        self: Rc<Self>,
        mut order: Order,
        names: Vec<std::net::TcpListener>,
        first: Change,
        mut changes: mpsc::Receiver<Change>,
    ) {
        let names: io::Result<Vec<_>> = names.into_iter().map(TcpListener::from_std).collect();
        let names = match names {
            Ok(names) => names,
            Err(error) => return first.voice.cannot(error),
        };
        let mut entrances = Entrances::default();
        if !self.change(&mut entrances, first, &order.ending).await {
            return;
        }
        let mut accepting = JoinSet::new();
        // It ends with this set.
        let mut telling = JoinSet::new();
        if let Some(writer) = &self.writer {
            telling.spawn_local(Rc::clone(writer).tend());
        }
        for listener in names {
            accepting.spawn_local(listen::accept(
                Rc::clone(&self),
                listener,
                Door::Names,
                order.ending.clone(),
            ));
        }
        loop {
            let change = tokio::select! {
                // The sender is gone only when the gateway is, which means the same.
                _ = order.ending.wait_for(|ending| *ending != End::No) => break,
                change = changes.recv() => change,
            };
            let Some(change) = change else { break };
            self.change(&mut entrances, change, &order.ending).await;
        }
        // Whoever changes routes just now is told that it is done: there are no more requests to take them.
        drop(changes);
        while accepting.join_next().await.is_some() {}
        entrances.close().await;
        self.table().sites.iter().for_each(|site| site.pool().close());
        self.seats.drain().begin();
        let emptied =
            timeout(self.limits.drain, std::future::poll_fn(|cx| self.seats.drain().poll_empty(cx)));
        // What is not done by then is closed when the runtime ends.
        tokio::select! {
            _ = emptied => {}
            Ok(_) = order.ending.wait_for(|ending| *ending == End::Now) => {}
        }
    }

    /// Takes over other routes if every worker can; whether it has.
    async fn change(
        self: &Rc<Self>,
        entrances: &mut Entrances,
        change: Change,
        ending: &watch::Receiver<End>,
    ) -> bool {
        let Change { routes, own, doors, mut voice } = change;
        // All that can fail, before anything is changed.
        let opened = match Opened::register(doors) {
            Ok(opened) => opened,
            Err(error) => {
                voice.cannot(error);
                return false;
            }
        };
        if !voice.can().await {
            return false;
        }
        self.take_over(routes, own);
        entrances.change(self, opened, ending).await;
        true
    }

    /// Whether names are served at this port.
    pub(crate) fn serves(&self, port: u16) -> bool {
        self.listen.iter().any(|address| address.port() == port)
    }

    /// The routes, as they are until the next change.
    pub(crate) fn table(&self) -> Rc<Table> {
        Rc::clone(&self.table.borrow())
    }

    /// How often routes, or the faults on them, have changed.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.get()
    }

    /// The route that begins where this one does, as it is now.
    pub(crate) fn current(&self, site: &Site) -> Option<Rc<Site>> {
        self.table.borrow().sites.iter().find(|other| other.number() == site.number()).cloned()
    }

    /// Takes over other routes. What stays keeps its connections to upstreams.
    fn take_over(&self, routes: Arc<Routes>, own: Vec<SocketAddr>) {
        self.own.set(own, routes.routes());
        self.changes.set(self.changes.get() + 1);
        let old = self.table();
        let mut sites: Vec<Rc<Site>> = Vec::with_capacity(routes.all().len());
        for numbered in routes.all() {
            let upstream = &numbered.routed.route.upstream;
            let service = numbered.routed.service.as_ref();
            let told = self.writer.is_some() && numbered.routed.observe == Observe::All;
            let same = old.sites.iter().find(|site| {
                site.number() == numbered.number
                    && site.upstream() == Some(upstream)
                    && site.told().is_some() == told
                    && match (site.standing(), service) {
                        (None, None) => true,
                        (Some(standing), Some(service)) => standing.is_of(service),
                        _ => false,
                    }
            });
            if let Some(same) = same {
                sites.push(Rc::clone(same));
                continue;
            }
            let pool = old.sites.iter().chain(&sites).find(|site| site.upstream() == Some(upstream));
            let pool = pool.map_or_else(
                || {
                    let target = Target::Upstream(upstream.clone());
                    Rc::new(Pool::new(target, Rc::clone(&self.own), Rc::clone(&self.limits)))
                },
                |site| Rc::clone(site.pool()),
            );
            sites.push(Rc::new(Site::new(
                numbered.number,
                format!("navyd-{:08x}-{}", self.identity, numbered.number),
                pool,
                service.cloned().map(Standing::new),
                Cell::new(Arc::clone(&numbered.tallies), self.number),
                (numbered.routed.route.entry.to_string().into(), told),
            )));
        }
        for (numbered, site) in routes.all().iter().zip(&sites) {
            site.lay(&numbered.laid);
            // Connections that have led elsewhere before are still its connections.
            let older = old.sites.iter().find(|older| older.number() == numbered.number);
            if let Some(older) = older {
                older.lay(&numbered.laid);
            }
        }
        let over = Arc::new(Laid::over());
        for (numbered, site) in old.routes.all().iter().zip(&old.sites) {
            let closes = numbered.routed.leaving == Leaving::Close && !site.is_http();
            if closes && !sites.iter().any(|stays| Rc::ptr_eq(stays, site)) {
                site.lay(&over);
            }
        }
        for site in &old.sites {
            if !sites.iter().any(|stays| Rc::ptr_eq(stays.pool(), site.pool())) {
                site.pool().close();
            }
        }
        self.table.replace(Rc::new(Table { routes, sites }));
    }

    /// Lets every connection look around once.
    pub(crate) fn nudge(&self) {
        self.seats.drain().nudge();
        self.hit.nudge();
    }

    /// Takes a connection in, or closes it where a limit is reached.
    pub(crate) fn admit(self: &Rc<Self>, stream: TcpStream, peer: SocketAddr, door: &Door) {
        let Some(Seat { guest, permit }) = self.seats.take(peer.ip()) else { return };
        let (worker, client) = (Rc::clone(self), Socket::accepted(stream));
        let site = match door {
            Door::Names => None,
            Door::Gate(gate) => gate.site().filter(|site| !site.is_http()),
        };
        if let Some(site) = site {
            spawn_local(async move {
                tcp::serve(worker, site, client, peer, guest).await;
                drop(permit);
            });
            return;
        }
        let door = door.clone();
        spawn_local(async move {
            sniff::serve(worker, door, client, peer, guest).await;
            drop(permit);
        });
    }
}

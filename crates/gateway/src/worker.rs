//! A worker: one thread with its own runtime, its own listening sockets and its own connections to upstreams.
//!
//! Nothing is shared between workers but the table of routes, so nothing on the way of a byte is locked.

use std::{io, net::SocketAddr, rc::Rc, sync::Arc};

use navyd_h1 as h1;
use navyd_model::{Route, Scheme};
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    runtime::Builder,
    sync::watch,
    task::{JoinSet, LocalSet, spawn_local},
    time::timeout,
};

use crate::{
    http,
    limits::Limits,
    listen,
    net::{Lender, Socket},
    own::Own,
    router::Routes,
    seats::{Seat, Seats},
    tcp,
    udp::Datagrams,
    upstream::Pool,
};

/// What all workers are told.
#[derive(Clone)]
pub(crate) struct Order {
    /// The routes.
    pub(crate) routes: Arc<Routes>,
    /// The gateway's own addresses.
    pub(crate) own: Own,
    /// Where names are served.
    pub(crate) listen: SocketAddr,
    /// A number that no other gateway is likely to have.
    pub(crate) identity: u32,
    /// The limits.
    pub(crate) limits: Limits,
    /// Becomes true when the gateway ends.
    pub(crate) ending: watch::Receiver<bool>,
}

/// What a listening socket is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door {
    /// All names, and the status page.
    Names,
    /// The route of this number.
    Route(usize),
}

/// The listening sockets of one worker.
#[derive(Default)]
pub(crate) struct Doors {
    /// Streams.
    pub(crate) streams: Vec<(Door, std::net::TcpListener)>,
    /// Datagrams, each with its route's number.
    pub(crate) datagrams: Vec<(usize, std::net::UdpSocket)>,
}

/// What the connections of one worker have in common.
pub(crate) struct Worker {
    /// The routes.
    pub(crate) routes: Arc<Routes>,
    /// The connections to each route's upstream, in the order of the routes.
    pub(crate) pools: Vec<Rc<Pool>>,
    /// Where names are served.
    pub(crate) listen: SocketAddr,
    /// The limits.
    pub(crate) limits: Rc<Limits>,
    /// Those of a head.
    pub(crate) head_limits: h1::Limits,
    /// Buffers and pipes.
    pub(crate) lender: Lender,
    seats: Rc<Seats>,
}

/// Runs a worker until it has drained.
///
/// # Errors
/// When the system gives no event queue or refuses a socket.
pub(crate) fn run(order: Order, doors: Doors) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    LocalSet::new().block_on(&runtime, Worker::new(&order).serve(order, doors))
}

impl Worker {
    fn new(order: &Order) -> Rc<Self> {
        let limits = Rc::new(order.limits.clone());
        let pool = |(number, route): (usize, &Route)| {
            let name = format!("navyd-{:08x}-{number}", order.identity);
            Rc::new(Pool::new(route.upstream.clone(), name, order.own.clone(), Rc::clone(&limits)))
        };
        let pools = order.routes.all().iter().enumerate().map(pool).collect();
        let head_limits = h1::Limits {
            head_bytes: limits.head_bytes,
            headers: limits.head_fields,
            ..h1::Limits::default()
        };
        let seats = Seats::new(limits.connections, limits.connections_per_peer);
        Rc::new(Self {
            routes: Arc::clone(&order.routes),
            pools,
            listen: order.listen,
            limits,
            head_limits,
            lender: Lender::default(),
            seats: Rc::new(seats),
        })
    }

    async fn serve(self: Rc<Self>, mut order: Order, doors: Doors) -> io::Result<()> {
        let mut accepting = JoinSet::new();
        for (door, listener) in doors.streams {
            let listener = TcpListener::from_std(listener)?;
            accepting.spawn_local(listen::accept(Rc::clone(&self), listener, door, order.ending.clone()));
        }
        let mut carrying = JoinSet::new();
        for (number, socket) in doors.datagrams {
            let socket = UdpSocket::from_std(socket)?;
            let Some(upstream) = self.pools[number].upstream().addresses().next() else { continue };
            if let Some(route) = Datagrams::new(socket, upstream, &order.own, Rc::clone(&self.limits)) {
                carrying.spawn_local(Rc::new(route).serve());
            }
        }
        // The sender is gone only when the gateway is, which means the same.
        let _ = order.ending.wait_for(|ending| *ending).await;
        while accepting.join_next().await.is_some() {}
        carrying.shutdown().await;
        self.pools.iter().for_each(|pool| pool.close());
        self.seats.drain().begin();
        // What is not done by then is closed when the runtime ends.
        let _ =
            timeout(self.limits.drain, std::future::poll_fn(|cx| self.seats.drain().poll_empty(cx))).await;
        Ok(())
    }

    /// Takes a connection in, or closes it where a limit is reached.
    pub(crate) fn admit(self: &Rc<Self>, stream: TcpStream, peer: SocketAddr, door: Door) {
        let Some(Seat { guest, permit }) = self.seats.take(peer.ip()) else { return };
        let (worker, client) = (Rc::clone(self), Socket::accepted(stream));
        match door {
            Door::Route(number) if self.routes.all()[number].upstream.scheme == Scheme::Tcp => {
                let pool = Rc::clone(&self.pools[number]);
                spawn_local(async move {
                    tcp::serve(worker, pool, client, guest).await;
                    drop(permit);
                });
            }
            door => {
                spawn_local(async move {
                    http::serve(worker, door, client, peer.ip(), guest).await;
                    drop(permit);
                });
            }
        }
    }
}

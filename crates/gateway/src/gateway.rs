//! Starting and ending the gateway.

use std::{
    hash::{BuildHasher as _, RandomState},
    io,
    net::SocketAddr,
    sync::Arc,
    thread::{self, JoinHandle},
};

use navyd_model::{Entry, Route, Scheme};
use tokio::sync::watch;

use crate::{
    limits::Limits,
    net::{bind_tcp, bind_udp, raise_file_limit},
    own::Own,
    router::Routes,
    worker::{self, Door, Doors, Order},
};

/// What a gateway is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where all names and the status page are served; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The routes.
    pub routes: Vec<Route>,
    /// How many workers, at least one.
    pub workers: usize,
    /// The limits.
    pub limits: Limits,
}

/// Why a gateway does not start. Nothing of it is left then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no thread.
    #[error("cannot start a worker")]
    Worker(#[source] io::Error),
}

/// A running gateway. Dropped, it ends in order but unwatched.
pub struct Gateway {
    listen: SocketAddr,
    routes: Arc<Routes>,
    end: watch::Sender<bool>,
    workers: Vec<JoinHandle<io::Result<()>>>,
}

impl Gateway {
    /// Binds every address, then starts the workers.
    ///
    /// # Errors
    /// When an address is taken or forbidden, or a thread cannot be had.
    pub fn start(plan: Plan) -> Result<Self, StartError> {
        raise_file_limit();
        let Plan { listen, mut routes, workers: count, limits } = plan;
        let count = count.max(1);
        let mut doors: Vec<Doors> = (0..count).map(|_| Doors::default()).collect();
        let mut own = Vec::new();

        let refused = |address| move |source| StartError::Listen { address, source };
        let sockets = bind_tcp(listen, count).map_err(refused(listen))?;
        let listen = sockets[0].local_addr().map_err(refused(listen))?;
        own.push(listen);
        for (doors, socket) in doors.iter_mut().zip(sockets) {
            doors.streams.push((Door::Names, socket));
        }
        for (number, route) in routes.iter_mut().enumerate() {
            let Entry::Address(address) = &mut route.entry else { continue };
            let asked = *address;
            if route.upstream.scheme == Scheme::Udp {
                let sockets = bind_udp(asked, count).map_err(refused(asked))?;
                *address = sockets[0].local_addr().map_err(refused(asked))?;
                for (doors, socket) in doors.iter_mut().zip(sockets) {
                    doors.datagrams.push((number, socket));
                }
            } else {
                let sockets = bind_tcp(asked, count).map_err(refused(asked))?;
                *address = sockets[0].local_addr().map_err(refused(asked))?;
                for (doors, socket) in doors.iter_mut().zip(sockets) {
                    doors.streams.push((Door::Route(number), socket));
                }
            }
            own.push(*address);
        }

        let routes = Arc::new(Routes::new(routes));
        // A hasher of the standard library starts from a number that is random in each process.
        let identity = RandomState::new().hash_one(listen) as u32;
        let (end, ending) = watch::channel(false);
        let order =
            Order { routes: Arc::clone(&routes), own: Own::new(own), listen, identity, limits, ending };
        let mut workers = Vec::with_capacity(count);
        for (number, doors) in doors.into_iter().enumerate() {
            let order = order.clone();
            let worker = thread::Builder::new()
                .name(format!("gateway-{number}"))
                .spawn(move || worker::run(order, doors))
                .map_err(StartError::Worker)?;
            workers.push(worker);
        }
        Ok(Self { listen, routes, end, workers })
    }

    /// Where names and the status page are served.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The routes, with the ports that the system chose.
    pub fn routes(&self) -> &[Route] {
        self.routes.all()
    }

    /// Ends: takes nothing new, finishes what is in flight, and returns once all is closed.
    ///
    /// # Errors
    /// When a worker failed while it ran.
    pub fn drain(self) -> io::Result<()> {
        self.end.send_replace(true);
        let mut ended = Ok(());
        for worker in self.workers {
            let result = worker.join().unwrap_or_else(|_| Err(io::Error::other("a worker panicked")));
            ended = ended.and(result);
        }
        ended
    }
}

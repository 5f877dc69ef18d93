//! Starting, changing and ending the gateway.

use std::{
    hash::{BuildHasher as _, RandomState},
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use navyd_model::{Entry, Route};
use tokio::sync::{mpsc, watch};

use crate::{
    agreement::Agreement,
    breakpoint::Breakpoints,
    doors::{self, Doors, Prepared},
    fault::{Decision, Record},
    net::{bind_tcp, raise_file_limit, share_tcp},
    plan::{Plan, Routed, StartError},
    router::Routes,
    tally::{self, Tallies},
    tap::{Lost, Tap},
    tls::{self, Certificates, Names},
    worker::{self, Change, End, Order},
};

/// What has passed since the gateway started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters {
    /// Connections of clients that are open now.
    pub connections: u64,
    /// Connections of clients that there ever were.
    pub accepted: u64,
    /// Each route, in the order in which they were given.
    pub routes: Vec<RouteCounters>,
    /// What should have been told and was not, because whoever keeps it was too slow.
    pub lost: Lost,
}

/// What has passed by one route since it was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteCounters {
    /// Where the route begins.
    pub entry: Entry,
    /// Requests; where bytes are carried as they are, connections.
    pub requests: u64,
    /// Those of them that are on their way now.
    pub active: u64,
    /// Bytes that went from clients to the upstream.
    pub received: u64,
    /// Bytes that went from the upstream to clients.
    pub sent: u64,
}

/// A running gateway. Dropped, it ends in order but unwatched.
pub struct Gateway {
    listen: Vec<SocketAddr>,
    accepted: Tallies,
    tls: Option<Arc<Certificates>>,
    tap: Option<Tap>,
    record: Arc<Record>,
    breakpoints: Breakpoints,
    state: Mutex<State>,
    end: watch::Sender<End>,
    workers: Vec<JoinHandle<()>>,
}

/// What changes while it runs.
struct State {
    routes: Arc<Routes>,
    next: u32,
    changes: Vec<mpsc::Sender<Change>>,
}

/// Cuts short what a gateway that ends still waits for.
#[derive(Debug, Clone)]
pub struct Hurry(watch::Sender<End>);

impl Hurry {
    /// From now on a gateway that ends waits for nothing.
    pub fn now(&self) {
        self.0.send_replace(End::Now);
    }
}

impl Gateway {
    /// Binds every address, then starts the workers, and returns once all of them serve.
    ///
    /// # Errors
    /// When an address is taken or forbidden, or the system gives no thread or event queue.
    pub fn start(plan: Plan) -> Result<Self, StartError> {
        raise_file_limit();
        let Plan { listen: asked, handed, routes, workers: count, limits, home, tls, tap } = plan;
        let count = count.max(1);
        let mut listen = Vec::with_capacity(asked.len() + handed.len());
        let mut names: Vec<Vec<_>> = (0..count).map(|_| Vec::new()).collect();
        let mut give = |address, sockets: Vec<TcpListener>| {
            listen.push(address);
            names.iter_mut().zip(sockets).for_each(|(names, socket)| names.push(socket));
        };
        for address in asked {
            let refused = |source| StartError::Listen { address, source };
            let sockets = bind_tcp(address, count).map_err(refused)?;
            give(sockets[0].local_addr().map_err(refused)?, sockets);
        }
        for socket in handed {
            let address = socket.local_addr().map_err(StartError::Handed)?;
            give(address, share_tcp(socket, count).map_err(StartError::Handed)?);
        }
        let mut next = 0;
        let prepared = doors::prepare(&Routes::default(), routes, count, &mut next)?;
        let routes = Arc::new(Routes::new(prepared.routes));

        // A hasher of the standard library starts from a number that is random in each process.
        let random = RandomState::new();
        let identity = random.hash_one(&listen) as u32;
        let record = Arc::new(Record::new(random.hash_one("faults")));
        let breakpoints = Breakpoints::new(limits.of_heads());
        let accepted = tally::tallies(count);
        let (end, ending) = watch::channel(End::No);
        let own = own(&listen, &routes);
        let config = tls.as_ref().map(|tls| {
            tls.know(Names::of(routes.routes(), &own));
            tls::server(Arc::clone(tls)).map_err(StartError::Tls)
        });
        let config = config.transpose()?;
        let order = Order {
            listen: listen.clone(),
            identity,
            limits,
            home,
            tls: config,
            tap: tap.clone(),
            record: Arc::clone(&record),
            breakpoints: breakpoints.clone(),
            accepted: Arc::clone(&accepted),
            ending,
        };
        let (mut workers, mut changes) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let (agreement, voices) = Agreement::among(count);
        let parts = names.into_iter().zip(prepared.doors).zip(voices);
        for (number, ((names, doors), voice)) in parts.enumerate() {
            // Each change is waited for before the next, so there is never a second one on its way.
            let (tell, told) = mpsc::channel(1);
            let first = Change { routes: Arc::clone(&routes), own: own.clone(), doors, voice };
            let order = order.clone();
            let worker = thread::Builder::new()
                .name(format!("gateway-{number}"))
                .spawn(move || worker::run(number, order, names, first, told))
                .map_err(StartError::Worker)?;
            workers.push(worker);
            changes.push(tell);
        }
        agreement.reach().map_err(StartError::Worker)?.act();
        let state = Mutex::new(State { routes, next, changes });
        Ok(Self { listen, accepted, tls, tap, record, breakpoints, state, end, workers })
    }

    /// Where names and the gateway's own page are served.
    pub fn listen(&self) -> &[SocketAddr] {
        &self.listen
    }

    /// The routes, with the ports that the system chose.
    pub fn routes(&self) -> Vec<Route> {
        self.now().routes().cloned().collect()
    }

    /// Makes these all the routes that there are, and returns them with the ports that the system chose. From then on
    /// every request takes one of them; those that are on their way end as they began.
    ///
    /// A route that begins where one began before keeps its listener, its connections and its counters; port 0 is
    /// always a new one. An address whose route is gone is free again when this returns; idle connections to it
    /// close. It waits for the workers, which is a matter of microseconds, by blocking this thread.
    ///
    /// # Errors
    /// When a new address is taken or forbidden, a fault makes no sense, or a worker cannot watch an address. Then
    /// everything is as it was.
    pub fn change(&self, routes: Vec<Routed>) -> Result<Vec<Route>, StartError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = state.next;
        let Prepared { routes, doors } =
            doors::prepare(&state.routes, routes, state.changes.len(), &mut next)?;
        self.turn(&mut state, Routes::new(routes), doors, next)
    }

    /// Makes these the routes as soon as every worker can take them over.
    fn turn(
        &self,
        state: &mut State,
        routes: Routes,
        doors: Vec<Doors>,
        next: u32,
    ) -> Result<Vec<Route>, StartError> {
        let routes = Arc::new(routes);
        let own = own(&self.listen, &routes);
        let (agreement, voices) = Agreement::among(state.changes.len());
        for ((tell, doors), voice) in state.changes.iter().zip(doors).zip(voices) {
            let change = Change { routes: Arc::clone(&routes), own: own.clone(), doors, voice };
            // A worker that is not there any more takes no requests either: draining tells why.
            let _ = tell.try_send(change);
        }
        let reached = agreement.reach().map_err(StartError::Worker)?;
        state.next = next;
        state.routes = Arc::clone(&routes);
        if let Some(tls) = &self.tls {
            // Before the first request can ask for one of them.
            tls.know(Names::of(routes.routes(), &own));
        }
        reached.act();
        Ok(routes.routes().cloned().collect())
    }

    /// What has passed, summed up now.
    pub fn counters(&self) -> Counters {
        let connections = tally::sum(&self.accepted);
        let of_route = |numbered: &crate::router::Numbered| {
            let sums = tally::sum(&numbered.tallies);
            RouteCounters {
                entry: numbered.routed.route.entry.clone(),
                requests: sums.begun,
                active: sums.open,
                received: sums.received,
                sent: sums.sent,
            }
        };
        Counters {
            connections: connections.open,
            accepted: connections.begun,
            routes: self.now().all().iter().map(of_route).collect(),
            lost: self.tap.as_ref().map(Tap::lost).unwrap_or_default(),
        }
    }

    /// What makes what its faults choose repeatable: by itself a random number.
    pub fn fault_seed(&self) -> u64 {
        self.record.seed()
    }

    /// Begins a new run of faults: the connections of each route are counted anew, and the log is empty. Connections
    /// that are open go on with what was chosen for them.
    pub fn seed_faults(&self, seed: u64) {
        self.record.reseed(seed);
        self.now().all().iter().for_each(|numbered| numbered.laid.begin_again());
    }

    /// What faults have chosen since the run began, as far as it is kept.
    pub fn fault_log(&self) -> Vec<Decision> {
        self.record.all()
    }

    /// How many decisions faults have ever made; changes with each.
    pub fn watch_faults(&self) -> watch::Receiver<u64> {
        self.record.watch()
    }

    /// What holds exchanges on their way.
    pub fn breakpoints(&self) -> &Breakpoints {
        &self.breakpoints
    }

    /// A way to cut [`Gateway::drain`] short from elsewhere.
    pub fn hurry(&self) -> Hurry {
        Hurry(self.end.clone())
    }

    /// Ends: takes nothing new, finishes what is in flight, and returns once all is closed.
    ///
    /// # Errors
    /// When a worker failed while it ran.
    pub fn drain(mut self) -> io::Result<()> {
        self.begin_end();
        let mut ended = Ok(());
        for worker in std::mem::take(&mut self.workers) {
            ended = ended.and(worker.join().map_err(|_| io::Error::other("a worker panicked")));
        }
        ended
    }

    fn begin_end(&self) {
        // Whoever is in a hurry may have said so before.
        self.end.send_if_modified(|end| {
            let runs = *end == End::No;
            if runs {
                *end = End::Drain;
            }
            runs
        });
    }

    fn now(&self) -> Arc<Routes> {
        Arc::clone(&self.state.lock().unwrap_or_else(PoisonError::into_inner).routes)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.begin_end();
    }
}

/// Every address at which the gateway listens.
fn own(listen: &[SocketAddr], routes: &Routes) -> Vec<SocketAddr> {
    let addresses = routes.routes().filter_map(|route| match route.entry {
        Entry::Address(address) => Some(address),
        Entry::Name(_) => None,
    });
    listen.iter().copied().chain(addresses).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs::File, os::fd::OwnedFd};

    use super::*;
    use crate::Limits;

    /// A file in the place of a socket: no system watches one.
    fn unwatchable() -> TcpListener {
        let file = File::open("/dev/null").unwrap();
        let listener = TcpListener::from(OwnedFd::from(file));
        listener.set_nonblocking(true).unwrap();
        listener
    }

    #[test]
    fn a_change_that_one_worker_cannot_follow_is_followed_by_none() {
        let listen = vec![([127, 0, 0, 1], 0).into()];
        let first: Route = "127.0.0.1:0=http://127.0.0.1:9".parse().unwrap();
        let plan = |workers, routes: &[&Route]| Plan {
            listen: listen.clone(),
            handed: Vec::new(),
            routes: routes.iter().map(|route| Routed::from((*route).clone())).collect(),
            workers,
            limits: Limits::default(),
            home: None,
            tls: None,
            tap: None,
        };
        let gateway = Gateway::start(plan(3, &[&first])).unwrap();
        let before = gateway.routes();
        let mut state = gateway.state.lock().unwrap();
        let mut next = state.next;
        let wanted = vec![first.into(), "shop.localhost=http://127.0.0.1:9".parse::<Route>().unwrap().into()];
        let Prepared { routes, mut doors } =
            doors::prepare(&state.routes, wanted.clone(), 3, &mut next).unwrap();
        let address = match routes[0].routed.route.entry {
            Entry::Address(address) => address,
            Entry::Name(_) => panic!("it begins at an address"),
        };
        doors[1].streams[0].1 = unwatchable();
        let refused = gateway.turn(&mut state, Routes::new(routes), doors, next);
        assert!(matches!(refused, Err(StartError::Worker(_))), "{refused:?}");
        drop(state);
        assert_eq!(gateway.routes(), before);
        // Nobody holds the address of the route that was not added.
        drop(TcpListener::bind(address).unwrap());
        assert_eq!(gateway.change(wanted).unwrap().len(), 2);
        gateway.drain().unwrap();
        // A gateway that cannot start says so, and none of its workers stays behind.
        let mut refused = plan(2, &[]);
        refused.handed.push(unwatchable());
        assert!(matches!(Gateway::start(refused), Err(StartError::Handed(_) | StartError::Worker(_))));
    }
}

//! Who is at the other end of a connection: its process, and the project that it works in.
//!
//! The kernel is asked for the socket with exactly these ends, and then whose it is. That reads the descriptors of every
//! process, so many connections are asked for together, on a thread of its own, and never for more than a share of the
//! time. Of a server's connection that is gone by then the kernel still knows the listener that it went to: where one of
//! its holders ran already when the connection was there, and no other, that is the server. Everybody else stays unknown:
//! nobody is guessed. A child that has not begun its own program holds what its parent does, so a listener with several
//! holders is looked at a few times.

pub(crate) mod cause;
mod verdict;

use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use navyd_gateway::tap::Plane;
use navyd_host::{
    kernel::{self, Socket, Transport},
    process::{Describer, Owners},
};
use navyd_model::State;

use super::assemble::record::{Peer, Who};

/// How many lists of connections wait at most; those beyond stay unknown.
const WAITING: usize = 64;

/// It rests so many times as long as it worked.
const REST: u32 = 4;

/// It rests no longer than this.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// How often a listener with several holders is looked at.
const LOOKS: u32 = 8;

/// Connections whose far ends are to be known.
pub(crate) type New = Vec<(Arc<Peer>, Plane)>;

/// Looks up who is at the other end.
pub(crate) struct Attribution {
    ask: Option<SyncSender<New>>,
    /// Dropped to wake it.
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Attribution {
    /// Begins to; what was found is told in groups.
    pub(crate) fn start(told: impl Fn(Vec<Arc<Peer>>) + Send + 'static) -> io::Result<Self> {
        let (ask, asked) = mpsc::sync_channel(WAITING);
        let (end, ended) = mpsc::channel();
        let work = move || work(&asked, &ended, told);
        let thread = thread::Builder::new().name("capture-who".into()).spawn(work)?;
        Ok(Self { ask: Some(ask), end: Some(end), thread: Some(thread) })
    }

    /// Asks for these, if it has not too many to look for.
    pub(crate) fn ask(&self, new: New) {
        if let Some(ask) = &self.ask {
            let _ = ask.try_send(new);
        }
    }
}

impl Drop for Attribution {
    fn drop(&mut self) {
        (self.ask, self.end) = (None, None);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(asked: &Receiver<New>, ended: &Receiver<()>, told: impl Fn(Vec<Arc<Peer>>)) {
    let (mut unclear, mut looks) = (New::new(), HashMap::new());
    loop {
        // What was unclear is looked at again, whether or not there is anything new.
        let mut peers = std::mem::take(&mut unclear);
        if peers.is_empty() {
            looks.clear();
            let Ok(new) = asked.recv() else { return };
            peers = new;
        }
        let begun = Instant::now();
        peers.extend(asked.try_iter().flatten());
        let looked = look(&peers);
        unclear = looked.unclear;
        unclear.retain(|(peer, _)| {
            let times = looks.entry(Arc::as_ptr(peer)).or_insert(0);
            *times += 1;
            *times < LOOKS
        });
        if !looked.found.is_empty() {
            told(looked.found);
        }
        let rest = (begun.elapsed() * REST).min(LONGEST_REST);
        if ended.recv_timeout(rest) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// What a look has shown.
#[derive(Default)]
struct Looked {
    /// Those that are known now.
    found: Vec<Arc<Peer>>,
    /// Those whose listener has several holders that were there.
    unclear: New,
}

/// Sets who they are, where that can be seen.
fn look(new: &[(Arc<Peer>, Plane)]) -> Looked {
    let sockets: Vec<(&(Arc<Peer>, Plane), Socket)> = new
        .iter()
        .filter_map(|asked @ (peer, plane)| {
            let transport = if *plane == Plane::Udp { Transport::Udp } else { Transport::Tcp };
            let serves = peer.serves.load(Ordering::Relaxed);
            let socket = kernel::find(transport, peer.address, peer.ours).ok().flatten()?;
            // One that lingers behind its end has nobody any more; with ends that nobody has, the listener is found.
            let socket = if serves && socket.inode == 0 && socket.state != State::Listen {
                let nobody = SocketAddr::new(peer.ours.ip(), 0);
                kernel::find(transport, peer.address, nobody).ok().flatten().unwrap_or(socket)
            } else {
                socket
            };
            // Without the connection the kernel answers with the listener: that is a server's end, or somebody else's.
            (socket.state != State::Listen || serves).then_some((asked, socket))
        })
        .collect();
    let inodes: HashSet<u64> =
        sockets.iter().map(|(_, socket)| socket.inode).filter(|inode| *inode != 0).collect();
    let owners = Owners::of(&inodes, |_| ());
    let (mut describer, mut known) = (Describer::new(), HashMap::new());
    let mut looked = Looked::default();
    for (asked, socket) in sockets {
        let peer = &asked.0;
        let held = owners.holders(socket.inode).iter().map(|hold| hold.pid);
        let mut holders: Vec<u32> = if socket.pids.is_empty() { held.collect() } else { socket.pids };
        let mut describe = |pid: u32| {
            let described = known.entry(pid).or_insert_with(|| {
                let holder = describer.holder(pid, &[])?;
                let project = holder.project.map(|project| project.name);
                let started = holder.started_at.map(|started| started.as_microsecond());
                Some((started, Who { pid, program: Some(holder.name), project }))
            });
            described.clone()
        };
        let seen = peer.used.load(Ordering::Relaxed);
        holders
            .retain(|pid| describe(*pid).is_some_and(|(started, _)| was_there(socket.state, started, seen)));
        match holder(socket.state, &holders).and_then(&mut describe) {
            Some((_, who)) if peer.who.set(who.clone()).is_ok() => looked.found.push(Arc::clone(peer)),
            None if holders.len() > 1 => looked.unclear.push(asked.clone()),
            _ => {}
        }
    }
    looked
}

/// Who of those that hold a socket made it: of a connection the first. Of a listener any may have taken the connection, so
/// it is known only where there is one.
fn holder(state: State, holders: &[u32]) -> Option<u32> {
    match (state, holders) {
        (State::Listen, [only]) => Some(*only),
        (State::Listen, _) => None,
        (_, holders) => holders.first().copied(),
    }
}

/// Whether a process can have had a connection that was there at this time, in microseconds: who holds a listener now may
/// have taken it over since, or have the number of one that has ended. Of a connection that still stands it is sure.
fn was_there(state: State, started: Option<i64>, seen: i64) -> bool {
    state != State::Listen || started.is_some_and(|started| started <= seen)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read,
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::capture::assemble::record::Peer;

    #[test]
    fn nobody_is_taken_for_a_server_who_may_not_have_been_it() {
        // The holders of a socket, when the one in question started, when the connection was seen; and who it was.
        for (state, holders, started, seen, expected) in [
            (State::Established, vec![7], Some(10), 20, Some(7)),
            (State::Established, vec![7, 8], Some(10), 20, Some(7)),
            // Clocks may be set, and of a connection that stands nothing is asked of them.
            (State::Established, vec![7], Some(30), 20, Some(7)),
            (State::Established, vec![], Some(10), 20, None),
            (State::Listen, vec![7], Some(10), 20, Some(7)),
            // Any of them may have taken it.
            (State::Listen, vec![7, 8], Some(10), 20, None),
            (State::Listen, vec![], Some(10), 20, None),
            // The server was started again meanwhile, or its number was given to somebody else.
            (State::Listen, vec![7], Some(30), 20, None),
            (State::Listen, vec![7], None, 20, None),
        ] {
            let found = holder(state, &holders).filter(|_| was_there(state, started, seen));
            assert_eq!(found, expected, "{state:?} {holders:?} {started:?} {seen}");
        }
    }

    #[test]
    fn a_servers_connection_that_is_gone_is_its_listeners() {
        if !cfg!(target_os = "linux") {
            eprintln!(
                "skipped: a_servers_connection_that_is_gone_is_its_listeners: Linux alone finds a socket by its ends"
            );
            return;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = listener.local_addr().unwrap();
        let [server, client] = [true, false].map(|serves| {
            let peer = Peer::of_test(there, "127.0.0.1:1".parse().unwrap());
            peer.serves.store(serves, Ordering::Relaxed);
            peer.used.store(jiff::Timestamp::now().as_microsecond(), Ordering::Relaxed);
            Arc::new(peer)
        });
        let looked = look(&[(Arc::clone(&server), Plane::Tcp), (Arc::clone(&client), Plane::Tcp)]);
        assert_eq!(looked.found.len(), 1);
        assert_eq!((server.pid(), client.pid()), (Some(std::process::id()), None));
    }

    #[test]
    fn a_servers_connection_that_lingers_is_its_listeners() {
        if !cfg!(target_os = "linux") {
            eprintln!(
                "skipped: a_servers_connection_that_lingers_is_its_listeners: Linux alone finds a socket by its ends"
            );
            return;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        // Whoever ends first lingers, once the other has ended too.
        drop(listener.accept().unwrap());
        let ours = client.local_addr().unwrap();
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        drop(client);
        let server = Peer::of_test(listener.local_addr().unwrap(), ours);
        server.serves.store(true, Ordering::Relaxed);
        server.used.store(jiff::Timestamp::now().as_microsecond(), Ordering::Relaxed);
        let server = Arc::new(server);
        let looked = look(&[(Arc::clone(&server), Plane::Tcp)]);
        assert_eq!((looked.found.len(), server.pid()), (1, Some(std::process::id())));
    }

    #[test]
    fn a_connection_of_this_process_is_told_as_its_own() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let here = Arc::new(Peer::of_test(client.local_addr().unwrap(), client.peer_addr().unwrap()));
        let gone = Arc::new(Peer::of_test("127.0.0.1:1".parse().unwrap(), server.local_addr().unwrap()));
        let (to, from) = mpsc::channel();
        let attribution = Attribution::start(move |found| to.send(found).unwrap()).unwrap();
        attribution.ask(vec![(Arc::clone(&here), Plane::Tcp), (Arc::clone(&gone), Plane::Tcp)]);
        if !cfg!(target_os = "linux") {
            eprintln!(
                "skipped: a_connection_of_this_process_is_told_as_its_own: Linux alone finds a socket by its ends"
            );
            return;
        }
        let found = from.recv().unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(here.pid(), Some(std::process::id()));
        assert_eq!(gone.pid(), None);
    }
}

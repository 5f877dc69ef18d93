//! The picture: sockets of the kernel joined with the processes that hold them.
//!
//! A row is never left out because its holder cannot be seen: then it carries the user, the control group and
//! the reason. Deliberately absent: order and filters, which belong to whoever shows it.

mod connection;
mod exposure;
mod owner;
mod published;
mod reach;

use std::collections::HashSet;

use navyd_model::{Family, Listener, Names, Namespace, Protocol, Queue, State, ports};

use self::exposure::docker_proxy;
pub(crate) use self::exposure::leads_to;
pub(crate) use self::owner::Holders;
pub use self::{
    connection::connections,
    exposure::exposure,
    owner::unnamed,
    reach::{is_own, reaches},
};
use crate::{
    kernel::{self, Cgroups, Error, Interface, Query, Socket, Source, States, Transport, UnixSocket},
    probe::{Hints, infer},
    process,
};

/// Which listeners to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// TCP: listening, and bound without listening.
    pub tcp: bool,
    /// UDP without a peer.
    pub udp: bool,
    /// Unix sockets.
    pub unix: bool,
    /// Those of other network namespaces too.
    pub namespaces: bool,
    /// Ports that container engines publish by rules, which no socket here has.
    pub published: bool,
    /// Only this port.
    pub port: Option<u16>,
}

impl Default for Scope {
    fn default() -> Self {
        Self { tcp: true, udp: true, unix: false, namespaces: true, published: false, port: None }
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// The listeners, in the kernel's order.
    pub listeners: Vec<Listener>,
    /// What could not be seen, and what would be needed.
    pub notes: Vec<String>,
}

/// Reads the listeners of this machine.
///
/// # Errors
/// When the kernel tells nothing at all of this namespace's sockets. Other namespaces that cannot be read are
/// a note.
pub fn listeners(scope: &Scope) -> Result<Seen, Error> {
    let mut found = Found::default();
    let mut read = Ok(());
    let mut own = || read = found.read(scope);
    let elsewhere = if scope.namespaces {
        namespaces_while(own)
    } else {
        own();
        Vec::new()
    };
    read?;
    for namespace in elsewhere {
        found.add_namespace(scope, &namespace);
    }
    if scope.unix && scope.port.is_none() {
        found.unix = kernel::unix_listeners()?;
    }
    let devices = kernel::interfaces().unwrap_or_default();
    let mut seen = found.join(&devices);
    if scope.published {
        published::add(&mut seen, scope, &devices);
    }
    Ok(seen)
}

/// The network namespaces that are not our own, with their containers.
pub fn namespaces() -> Vec<Namespace> {
    namespaces_while(|| ())
}

/// [`namespaces`], while this thread does something else first.
fn namespaces_while(meanwhile: impl FnOnce()) -> Vec<Namespace> {
    let mut all = kernel::namespaces(&process::pids(), meanwhile);
    for namespace in &mut all {
        namespace.container = namespace.pid.and_then(process::container);
    }
    all
}

fn queries(scope: &Scope) -> impl Iterator<Item = Query> {
    let tcp = scope.tcp.then(Query::listeners);
    let udp = scope.udp.then(|| Query::new(Transport::Udp, States::UNCONNECTED));
    let port = scope.port;
    tcp.into_iter().chain(udp).map(move |query| Query { port, ..query })
}

/// Sockets, before anybody is known to hold them.
#[derive(Default)]
struct Found {
    sockets: Vec<(Socket, Option<Namespace>)>,
    unix: Vec<UnixSocket>,
    notes: Vec<String>,
    legacy: bool,
    portable: bool,
}

impl Found {
    /// The sockets of our own namespace.
    fn read(&mut self, scope: &Scope) -> Result<(), Error> {
        for query in queries(scope) {
            let table = kernel::sockets(&query)?;
            self.legacy |= table.source == Source::Proc;
            self.portable |= table.source == Source::Portable;
            self.sockets.extend(table.sockets.into_iter().map(|socket| (socket, None)));
        }
        Ok(())
    }

    fn add_namespace(&mut self, scope: &Scope, namespace: &Namespace) {
        for query in queries(scope) {
            match kernel::sockets_in(namespace, &query) {
                Ok(table) => {
                    let inside = |socket| (socket, Some(namespace.clone()));
                    self.sockets.extend(table.sockets.into_iter().map(inside));
                }
                // It ended meanwhile, as short-lived containers do.
                Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return,
                Err(error) => {
                    let name = namespace.name.as_deref().unwrap_or("without a name");
                    // Its processes may have been found all the same, and not be known to live in it.
                    self.notes.push(format!(
                        "network namespace `{name}` may not be entered: what none of its processes shows is \
                         missing ({error}); root may enter it"
                    ));
                    return;
                }
            }
        }
    }

    /// Leaves out the sockets that nobody holds because they were closed between the two looks.
    fn drop_closed(&mut self, holders: &Holders) {
        let ours = |(socket, namespace): &&(Socket, Option<Namespace>)| {
            namespace.is_none() && !holders.any(socket.inode)
        };
        let unheld: Vec<Query> = self.sockets.iter().filter(ours).map(|(socket, _)| socket.kind()).collect();
        let mut kinds: Vec<Query> = Vec::new();
        for kind in unheld {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        for kind in kinds {
            let Ok(table) = kernel::sockets(&kind) else { continue };
            let still: HashSet<u64> = table.sockets.iter().map(|socket| socket.inode).collect();
            self.sockets.retain(|(socket, namespace)| {
                namespace.is_some()
                    || socket.kind() != kind
                    || holders.any(socket.inode)
                    || still.contains(&socket.inode)
            });
        }
    }

    fn join(mut self, devices: &[Interface]) -> Seen {
        let inodes: HashSet<u64> = self.sockets.iter().map(|(socket, _)| socket.inode).collect();
        let unix = self.unix.iter().map(|socket| socket.inode);
        let mut holders = Holders::of(&inodes.into_iter().chain(unix).filter(|inode| *inode != 0).collect());
        self.drop_closed(&holders);
        let mut cgroups = Cgroups::default();
        let mut seen = Seen { notes: self.notes, ..Seen::default() };
        for (socket, namespace) in self.sockets {
            seen.listeners.push(listener(&socket, namespace, &mut holders, devices, &mut cgroups));
        }
        seen.listeners.extend(self.unix.iter().map(|socket| unix_listener(socket, &mut holders)));
        for listener in &mut seen.listeners {
            listener.speaks = Hints::of(listener).as_ref().and_then(infer);
        }
        if self.legacy {
            seen.notes.push(
                "the kernel refuses NETLINK_SOCK_DIAG, so `/proc/net` was read: sockets that are bound and do \
                 not listen, cookies and control groups are not shown"
                    .into(),
            );
        }
        let nobody = seen.listeners.iter().all(|listener| listener.holders.is_empty());
        if nobody && !self.portable && process::pids().is_empty() {
            seen.notes.push("`/proc` shows no process, so no holder can be named: mount it".into());
        }
        seen
    }
}

fn listener(
    socket: &Socket,
    namespace: Option<Namespace>,
    holders: &mut Holders,
    devices: &[Interface],
    cgroups: &mut Cgroups,
) -> Listener {
    let device = devices.iter().find(|device| namespace.is_none() && device.index == socket.device);
    let listening = socket.state == State::Listen;
    // A system that tells neither number tells no queue either.
    let told = socket.inode != 0 || socket.cookie.is_some();
    let queue = Queue {
        len: socket.receive_queue,
        max: (listening && socket.cookie.is_some()).then_some(socket.send_queue),
    };
    let (held, owner_unknown) =
        holders.of_socket(socket.inode, socket.uid, &socket.pids, namespace.is_some());
    let published = held.iter().find_map(docker_proxy);
    let (address, port) = (socket.local.ip(), socket.local.port());
    let proto = match socket.transport {
        Transport::Tcp => Protocol::Tcp,
        Transport::Udp => Protocol::Udp,
    };
    Listener {
        proto,
        family: socket.family,
        address: Some(address),
        port: Some(port),
        path: None,
        raw_path: None,
        device: device.map(|device| device.name.clone()),
        state: socket.state,
        exposure: exposure(address, device.is_some_and(|device| device.loopback), published.is_some()),
        v6only: socket.v6only.filter(|_| socket.family == Family::Ipv6),
        netns: namespace,
        cookie: socket.cookie,
        inode: (socket.inode != 0).then_some(socket.inode),
        uid: socket.uid,
        cgroup: socket.cgroup.and_then(|id| cgroups.path(id)).map(str::to_owned),
        queue: (told && socket.state != State::BoundNotListening).then_some(queue),
        owner_unknown,
        note: note(socket, &held, published),
        holders: held,
        names: ports::names(port, proto),
        speaks: None,
    }
}

fn unix_listener(socket: &UnixSocket, holders: &mut Holders) -> Listener {
    let (held, owner_unknown) = holders.of_socket(socket.inode, socket.uid, &[], false);
    let (path, raw_path) = navyd_model::text::text(&socket.name);
    Listener {
        proto: Protocol::Unix,
        family: Family::Unix,
        address: None,
        port: None,
        path: Some(path),
        raw_path,
        device: None,
        state: if socket.listening { State::Listen } else { State::Bound },
        exposure: navyd_model::Exposure::Loopback,
        v6only: None,
        netns: None,
        cookie: socket.cookie,
        inode: Some(socket.inode),
        uid: socket.uid,
        cgroup: None,
        queue: socket.queue.map(|(len, max)| Queue { len, max: Some(max) }),
        owner_unknown,
        holders: held,
        names: Names::default(),
        speaks: None,
        note: None,
    }
}

/// One thing worth knowing, the most surprising first.
fn note(socket: &Socket, holders: &[navyd_model::Holder], published: Option<String>) -> Option<String> {
    if socket.state == State::BoundNotListening {
        return Some("bound, not listening".into());
    }
    if socket.state == State::Listen && socket.cookie.is_some() && socket.receive_queue > socket.send_queue {
        return Some(format!("backlog full: {} wait, {} allowed", socket.receive_queue, socket.send_queue));
    }
    if let Some(to) = published {
        return Some(format!("container {to}"));
    }
    if holders.iter().any(|holder| holder.exe_deleted == Some(true)) {
        return Some("executable deleted".into());
    }
    if holders.iter().any(|holder| holder.cwd_deleted == Some(true)) {
        return Some("directory deleted".into());
    }
    None
}

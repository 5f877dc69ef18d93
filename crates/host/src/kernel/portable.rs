//! macOS, Windows and the BSDs, through the `listeners` crate.
//!
//! It tells address, port, state and process of the sockets whose processes may be read, and nothing else.
//! What it cannot tell is `None` or [`Error::Unsupported`], never an invented value:
//! - the peer: `remote` is always the unspecified address with port 0, also for a connection, and sockets
//!   that differ only in their peer or their descriptor are told as one
//! - inode, cookie, user, queues, `v6only` and counters; where [`Socket`] has no room for "unknown" (inode,
//!   queues, device) a 0 stands, which [`Source::Portable`] marks as meaning nothing
//! - sockets of processes that may not be read: they are missing, so an empty table proves nothing
//! - unix sockets, network devices, namespaces, limits of ports, and the destroying of a socket
//!
//! Network devices stay untold because no small maintained crate lists them without binding the C library
//! of each system.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use navyd_model::{Family, Namespace, State};

use super::{
    Arrival, Clock, Error, Filter, Flow, Inbound, Interface, Limits, Link, Published, Query, Rule, RuleQuery,
    Settings, Socket, Source, Step, Table, Transport, UnixSocket,
};

/// Where names are given addresses by hand.
#[cfg(windows)]
pub const HOSTS: &str = r"C:\Windows\System32\drivers\etc\hosts";
/// Where names are given addresses by hand.
#[cfg(not(windows))]
pub const HOSTS: &str = "/etc/hosts";

/// The folders in which administrators put authorities for the whole machine to trust: these systems have stores.
pub const ANCHORS: &[&str] = &[];

/// The sockets that the query names.
///
/// # Errors
/// [`Error::Unsupported`] for a query by the peer's port, [`Error::Io`] when the system refuses.
pub fn sockets(query: &Query) -> Result<Table, Error> {
    if query.peer_port.is_some() {
        return Err(Error::Unsupported("the peer of a connection"));
    }
    let mut seen: BTreeMap<Row, BTreeSet<u32>> = BTreeMap::new();
    for found in all()? {
        let row = (transport(&found), found.socket, state(&found));
        seen.entry(row).or_default().insert(found.process.pid);
    }
    let rows = seen.into_iter().filter(|(row, _)| wanted(row, query));
    let sockets = rows.map(|(row, pids)| socket(&row, pids.into_iter().collect())).collect();
    Ok(Table { sockets, source: Source::Portable })
}

/// Whether somebody keeps the clock in time.
///
/// # Errors
/// Always: it is not told.
pub fn clock() -> io::Result<Clock> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The socket with exactly these two ends.
///
/// # Errors
/// Always [`Error::Unsupported`]: the peer is not told.
pub fn find(_: Transport, _: SocketAddr, _: SocketAddr) -> Result<Option<Socket>, Error> {
    Err(Error::Unsupported("the peer of a connection"))
}

/// The unix sockets that listen.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn unix_listeners() -> Result<Vec<UnixSocket>, Error> {
    Err(Error::Unsupported("the list of unix sockets"))
}

/// Destroys a socket without its holder's help.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn destroy(_: &Socket) -> Result<(), Error> {
    Err(Error::Unsupported("how to destroy a socket"))
}

/// The packet filter's rules.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn rules(_: RuleQuery) -> Result<Vec<Rule>, Error> {
    Err(Error::Unsupported("the packet filter's rules"))
}

/// What the packet filter does with connections of this machine to itself.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn filter(_: Vec<Flow>) -> Result<Filter, Error> {
    Err(Error::Unsupported("the packet filter's rules"))
}

/// What the packet filter does with one connection, as it is seen doing it.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn trace(_: SocketAddr, _: &mut dyn FnMut()) -> Result<Vec<Step>, Error> {
    Err(Error::Unsupported("the packet filter's trace"))
}

/// What the packet filter does with connections from elsewhere.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn inbound(_: &[Arrival]) -> Result<Inbound, Error> {
    Err(Error::Unsupported("the packet filter's rules"))
}

/// The ports that container engines publish by rules.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn published() -> Result<Vec<Published>, Error> {
    Err(Error::Unsupported("the packet filter's rules"))
}

/// The network devices.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn interfaces() -> Result<Vec<Interface>, Error> {
    Err(Error::Unsupported("the list of network devices"))
}

/// The link layer of the network devices.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn links() -> Result<Vec<Link>, Error> {
    Err(Error::Unsupported("the list of network devices"))
}

/// What the settings say about loopback and TCP: nothing that this library tells.
pub fn settings() -> Settings {
    Settings::unread("this operating system's settings are not read")
}

/// What the settings say about ports: nothing that this library tells.
pub fn limits() -> Limits {
    Limits {
        ephemeral: None,
        reserved: Vec::new(),
        unprivileged_from: None,
        may_bind_low: None,
        may_destroy: None,
    }
}

/// The other network namespaces: these systems have none.
pub fn namespaces(_: &[u32], meanwhile: impl FnOnce()) -> Vec<Namespace> {
    meanwhile();
    Vec::new()
}

/// The sockets of another network namespace.
///
/// # Errors
/// Always [`Error::Unsupported`].
pub fn sockets_in(_: &Namespace, _: &Query) -> Result<Table, Error> {
    Err(Error::Unsupported("another network namespace"))
}

/// The paths of control groups: these systems have none.
#[derive(Debug, Default)]
pub struct Cgroups;

impl Cgroups {
    /// Always `None`.
    pub fn path(&mut self, _: u64) -> Option<&str> {
        None
    }
}

type Row = (Transport, SocketAddr, State);

/// Everything that the library sees, without sockets that have no port yet.
fn all() -> Result<Vec<listeners::Listener>, Error> {
    let found = listeners::get_all().map_err(|error| Error::Io {
        what: "list the sockets of every process",
        source: io::Error::other(error.to_string()),
    })?;
    Ok(found.into_iter().filter(|found| found.socket.port() != 0).collect())
}

fn wanted((transport, local, state): &Row, query: &Query) -> bool {
    *transport == query.transport
        && query.port.is_none_or(|port| local.port() == port)
        && query.states.contains(*state)
}

fn transport(found: &listeners::Listener) -> Transport {
    match found.protocol {
        listeners::Protocol::TCP => Transport::Tcp,
        listeners::Protocol::UDP => Transport::Udp,
    }
}

/// A TCP socket in `Closed` may be one that is bound and never listens, or one whose connection has ended:
/// the library does not tell which, so it stays `Closed`. UDP has no states; a socket with a port receives.
fn state(found: &listeners::Listener) -> State {
    match found.state {
        listeners::SocketState::Established => State::Established,
        listeners::SocketState::SynSent => State::SynSent,
        listeners::SocketState::SynReceived => State::SynReceived,
        listeners::SocketState::FinWait1 => State::FinWait1,
        listeners::SocketState::FinWait2 => State::FinWait2,
        listeners::SocketState::TimeWait => State::TimeWait,
        listeners::SocketState::CloseWait => State::CloseWait,
        listeners::SocketState::LastAck => State::LastAck,
        listeners::SocketState::Listen => State::Listen,
        listeners::SocketState::Closing => State::Closing,
        listeners::SocketState::Closed => State::Closed,
        listeners::SocketState::Unknown if found.protocol == listeners::Protocol::UDP => State::Bound,
        listeners::SocketState::Unknown => State::Closed,
    }
}

fn socket(&(transport, local, state): &Row, pids: Vec<u32>) -> Socket {
    let (family, unspecified) = match local.ip() {
        IpAddr::V4(_) => (Family::Ipv4, IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        IpAddr::V6(_) => (Family::Ipv6, IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
    };
    Socket {
        transport,
        family,
        local,
        remote: SocketAddr::new(unspecified, 0),
        state,
        inode: 0,
        cookie: None,
        uid: None,
        cgroup: None,
        receive_queue: 0,
        send_queue: 0,
        v6only: None,
        device: 0,
        expires_ms: None,
        info: None,
        pids,
    }
}

/// Listening sockets that whoever started this program has opened for it: none, since launchd gives them by another way.
pub fn handed_over() -> Vec<std::net::TcpListener> {
    Vec::new()
}

/// Whether standard output still has a reader: not to be told, so taken to be.
pub fn stdout_is_read() -> bool {
    true
}

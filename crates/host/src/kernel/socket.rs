//! Sockets as every kernel can tell them.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
};

use navyd_model::{Family, State};

/// Why the kernel's picture could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A system call failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, such as `dump TCP sockets`.
        what: &'static str,
        /// The kernel's answer.
        source: std::io::Error,
    },
    /// This operating system has no way to tell.
    #[error("{0} cannot be told on this operating system")]
    Unsupported(&'static str),
}

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// RFC 9293.
    Tcp,
    /// RFC 768.
    Udp,
}

/// A set of socket states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct States(u32);

/// Which sockets to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// TCP or UDP; both families are read.
    pub transport: Transport,
    /// The states wanted.
    pub states: States,
    /// Only sockets whose own port is this.
    pub port: Option<u16>,
    /// Only sockets whose peer's port is this.
    pub peer_port: Option<u16>,
    /// Whether to ask for [`TcpInfo`] as well.
    pub info: bool,
}

/// Where a table came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// NETLINK_SOCK_DIAG: everything that the kernel tells.
    Netlink,
    /// `/proc/net`: neither cookies nor bound-only sockets.
    Proc,
    /// A portable library.
    Portable,
}

/// What was read.
#[derive(Debug, Clone)]
pub struct Table {
    /// The sockets, in the kernel's order.
    pub sockets: Vec<Socket>,
    /// Where they came from.
    pub source: Source,
}

/// One TCP or UDP socket.
#[derive(Debug, Clone, PartialEq)]
pub struct Socket {
    /// TCP or UDP.
    pub transport: Transport,
    /// The socket's family; an IPv6 socket may have IPv4-mapped addresses.
    pub family: Family,
    /// This end.
    pub local: SocketAddr,
    /// The other end; the unspecified address and port 0 when there is none.
    pub remote: SocketAddr,
    /// The state.
    pub state: State,
    /// The inode that `/proc/PID/fd` shows; 0 for sockets that no descriptor has (TIME_WAIT, not yet accepted).
    pub inode: u64,
    /// The kernel's 64-bit cookie: never reused until reboot.
    pub cookie: Option<u64>,
    /// The user who made it.
    pub uid: Option<u32>,
    /// The control group it was made in, by id.
    pub cgroup: Option<u64>,
    /// The receive queue: connections for a TCP listener, else bytes.
    pub receive_queue: u32,
    /// The send queue; the backlog for a TCP listener.
    pub send_queue: u32,
    /// `IPV6_V6ONLY`, for IPv6 sockets, when told.
    pub v6only: Option<bool>,
    /// The index of the device it is bound to; 0 for any.
    pub device: u32,
    /// Milliseconds until the pending timer ends, such as that of TIME_WAIT.
    pub expires_ms: Option<u32>,
    /// Counters of a TCP connection, when asked for.
    pub info: Option<TcpInfo>,
    /// The processes that have it, where the system names them with the socket (macOS, Windows). Empty where it
    /// tells the inode, by which they are found.
    pub pids: Vec<u32>,
}

/// What the kernel counted on one TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpInfo {
    /// Smoothed round-trip time in microseconds.
    pub round_trip_us: u32,
    /// Bytes of data sent, each once. `None` where the kernel does not tell (Linux before 4.19).
    pub bytes_sent: Option<u64>,
    /// Bytes of data received.
    pub bytes_received: u64,
    /// Segments sent again, in all.
    pub retransmits: u32,
}

/// One listening (or datagram) unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixSocket {
    /// The path, or `@` and the abstract name; bytes, because any are allowed. Empty when unnamed.
    pub name: Vec<u8>,
    /// Whether it is a stream or seqpacket socket in LISTEN.
    pub listening: bool,
    /// Whether it is a datagram socket: bound, it receives without listening.
    pub datagram: bool,
    /// The inode that `/proc/PID/fd` shows.
    pub inode: u64,
    /// The kernel's cookie.
    pub cookie: Option<u64>,
    /// The user who made it.
    pub uid: Option<u32>,
    /// Connections waiting, and the backlog.
    pub queue: Option<(u32, u32)>,
}

/// A network device and its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The kernel's number for it.
    pub index: u32,
    /// Its name, such as `lo`.
    pub name: String,
    /// Whether it is administratively up.
    pub up: bool,
    /// Whether it is the loopback device.
    pub loopback: bool,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// What the system's settings say about ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The range that outgoing connections draw their ports from.
    pub ephemeral: Option<RangeInclusive<u16>>,
    /// Ports that are never drawn automatically (`ip_local_reserved_ports`), or may not be bound (Windows).
    pub reserved: Vec<RangeInclusive<u16>>,
    /// The first port that needs no privilege.
    pub unprivileged_from: Option<u16>,
    /// Whether this process may bind ports below that all the same.
    pub may_bind_low: Option<bool>,
    /// Whether this process may destroy sockets ([`super::destroy`]).
    pub may_destroy: Option<bool>,
}

/// A bit for each state, numbered as `net/tcp_states.h` does it, which is what Linux is asked with.
impl States {
    /// TCP in LISTEN.
    pub const LISTEN: Self = Self(1 << 10);
    /// TCP bound, neither listening nor connected (`TCP_BOUND_INACTIVE`). Only Linux 6.8 and newer tells.
    pub(crate) const BOUND_NOT_LISTENING: Self = Self(1 << 13);
    /// TCP in TIME_WAIT.
    pub const TIME_WAIT: Self = Self(1 << 6);
    /// UDP without a peer.
    pub const UNCONNECTED: Self = Self(1 << 7);
    /// Everything that has a peer, without TIME_WAIT.
    pub const CONNECTED: Self = Self(0b1_1011_0011_1110);
    /// Every state there is.
    pub const ALL: Self = Self(u32::MAX);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a socket in `state` belongs to the set.
    pub fn contains(self, state: State) -> bool {
        self.0 & Self::of(state).0 != 0
    }

    /// Only this state.
    pub fn of(state: State) -> Self {
        let number = match state {
            State::Established => 1,
            State::SynSent => 2,
            State::SynReceived => 3,
            State::FinWait1 => 4,
            State::FinWait2 => 5,
            State::TimeWait => 6,
            State::Bound | State::Closed => 7,
            State::CloseWait => 8,
            State::LastAck => 9,
            State::Listen => 10,
            State::Closing => 11,
            State::BoundNotListening => 13,
        };
        Self(1 << number)
    }

    /// The bits.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(super) const fn bits(self) -> u32 {
        self.0
    }
}

impl Query {
    /// The sockets of `transport` in `states`, whatever their ports.
    pub fn new(transport: Transport, states: States) -> Self {
        Self { transport, states, port: None, peer_port: None, info: false }
    }

    /// The TCP sockets that take a port: listening, or bound without listening.
    pub fn listeners() -> Self {
        Self::new(Transport::Tcp, States::LISTEN.with(States::BOUND_NOT_LISTENING))
    }

    /// Only sockets whose own port is `port`.
    #[must_use]
    pub fn on(self, port: u16) -> Self {
        Self { port: Some(port), ..self }
    }

    /// Whether a socket is one of those asked for.
    pub fn matches(&self, socket: &Socket) -> bool {
        self.states.contains(socket.state)
            && self.port.is_none_or(|port| socket.local.port() == port)
            && self.peer_port.is_none_or(|port| socket.remote.port() == port)
    }
}

impl Socket {
    /// The query that finds every socket of the same transport and state.
    pub fn kind(&self) -> Query {
        Query::new(self.transport, States::of(self.state))
    }
}

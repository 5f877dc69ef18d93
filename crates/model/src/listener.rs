//! A listener: a socket that can receive.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::holder::Holder;

/// What carries the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Transmission Control Protocol (RFC 9293).
    Tcp,
    /// User Datagram Protocol (RFC 768).
    Udp,
    /// A unix domain socket: a path or an abstract name instead of address and port.
    Unix,
}

/// The address family the socket was made with. A `Ipv6` socket may receive IPv4 too: see [`Listener::v6only`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// Unix domain.
    Unix,
}

/// What the socket is doing. For TCP the states of RFC 9293 §3.3.2, and one that only the kernel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Accepts connections.
    Listen,
    /// A TCP socket with `bind()` called, and neither `listen()` nor `connect()`: it blocks the port unseen.
    BoundNotListening,
    /// A UDP or unix datagram socket that receives from anyone.
    Bound,
    /// Connected.
    Established,
    /// Waits for the answer to its SYN.
    SynSent,
    /// Has seen a SYN, and waits for the handshake to end.
    SynReceived,
    /// Has closed, and waits for the peer's acknowledgement.
    FinWait1,
    /// Has closed, and waits for the peer to close.
    FinWait2,
    /// The four-tuple rests for a minute (`TCP_TIMEWAIT_LEN`) so that late segments find no new owner.
    TimeWait,
    /// Not connected to anything.
    Closed,
    /// The peer has closed, this end has not.
    CloseWait,
    /// Closed after the peer, waits for the last acknowledgement.
    LastAck,
    /// Both ends closed at once.
    Closing,
}

/// Who can reach a listener, as far as its address alone decides it: a firewall may allow less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// This machine only.
    Loopback,
    /// Bound to one address that other machines may reach.
    Lan,
    /// Bound to every address of this machine.
    All,
    /// Published by a container engine.
    Container,
}

/// Why nobody is named as holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OwnerUnknown {
    /// The socket belongs to another user, whose processes may not be read, or may have been handed to one.
    OtherUser,
    /// The socket belongs to this user, and some process of theirs refuses to be read (`dumpable` is 0).
    NotDumpable,
    /// Every process was read and none has it: the descriptor is in flight inside a unix socket (`SCM_RIGHTS`).
    InFlight,
    /// The kernel itself holds it, or a process that this `/proc` does not show.
    NoProcess,
    /// It lives in another network namespace, whose processes could not be matched.
    OtherNamespace,
}

/// The accept queue of a TCP listener, or the receive queue of a UDP one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Queue {
    /// Connections (TCP) or bytes (UDP) that wait to be taken.
    pub len: u32,
    /// The backlog of `listen()`: `len` above it means that new connections are dropped. `None` for UDP.
    pub max: Option<u32>,
}

/// A network namespace other than the reader's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Namespace {
    /// The number in `net:[…]`, when it may be read.
    pub inode: Option<u64>,
    /// The name `ip netns` gave it.
    pub name: Option<String>,
    /// The container whose processes live in it: engine and short id, such as `docker:3f2a9c1b7d44`.
    pub container: Option<String>,
    /// A process that lives in it.
    pub pid: Option<u32>,
}

/// What a port is usually for. Never an identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Names {
    /// The service name registered with IANA.
    pub iana: Option<String>,
    /// What developers usually meet on it.
    pub usually: Option<String>,
}

/// How sure navyd is of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The listener itself said so, in bytes that only this protocol sends.
    Observed,
    /// Concluded from program, arguments or environment.
    Inferred,
    /// Asked, and not recognised; or not asked.
    Unknown,
}

/// What a listener speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Speaks {
    /// The protocol's name, as its own documentation writes it: `HTTP/1.1`, `PostgreSQL`. `None` when unknown.
    pub protocol: Option<String>,
    /// How it is known.
    pub certainty: Certainty,
    /// What it said of itself (version, certificate, title), or why it was not asked.
    pub detail: Option<String>,
}

/// A socket that can receive: TCP in LISTEN, UDP bound, or a unix socket listening. A TCP socket that is
/// bound and does not listen is listed too, with its [`State`], because it takes the port all the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Listener {
    /// What carries the bytes.
    pub proto: Protocol,
    /// The family of the socket.
    pub family: Family,
    /// The address bound; `None` for unix sockets.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub address: Option<IpAddr>,
    /// The port bound; `None` for unix sockets.
    pub port: Option<u16>,
    /// The path, or the abstract name behind `@`, of a unix socket.
    pub path: Option<String>,
    /// The bytes of the path in Base64 (RFC 4648 §4), when they are not UTF-8.
    pub raw_path: Option<String>,
    /// The name of the network device the socket is bound to (`SO_BINDTODEVICE`), if any.
    pub device: Option<String>,
    /// What the socket is doing.
    pub state: State,
    /// Who can reach it.
    pub exposure: Exposure,
    /// For IPv6: whether IPv4 is refused (`IPV6_V6ONLY`). `None` when the kernel does not say.
    pub v6only: Option<bool>,
    /// The network namespace, when it is not the reader's own.
    pub netns: Option<Namespace>,
    /// The kernel's socket cookie: unique until reboot, never reused.
    pub cookie: Option<u64>,
    /// The socket's inode number, which `/proc/PID/fd` shows. May be reused.
    pub inode: Option<u64>,
    /// The user the socket belongs to.
    pub uid: Option<u32>,
    /// The control group the socket was made in, as a path below the hierarchy's root.
    pub cgroup: Option<String>,
    /// What waits to be accepted or read.
    pub queue: Option<Queue>,
    /// Why `holders` is empty. `None` when it is not.
    pub owner_unknown: Option<OwnerUnknown>,
    /// Every process that has the socket open.
    pub holders: Vec<Holder>,
    /// What the port is usually for.
    pub names: Names,
    /// What it speaks: `None` when it was not asked and nothing tells.
    pub speaks: Option<Speaks>,
    /// One thing worth knowing, in a few words.
    pub note: Option<String>,
}

impl Listener {
    /// A listener on 127.0.0.1 of which nothing else is known.
    pub fn on(proto: Protocol, port: u16) -> Self {
        Self {
            proto,
            family: Family::Ipv4,
            address: Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
            port: Some(port),
            path: None,
            raw_path: None,
            device: None,
            state: if proto == Protocol::Tcp { State::Listen } else { State::Bound },
            exposure: Exposure::Loopback,
            v6only: None,
            netns: None,
            cookie: None,
            inode: None,
            uid: None,
            cgroup: None,
            queue: None,
            owner_unknown: None,
            holders: Vec::new(),
            names: Names::default(),
            speaks: None,
            note: None,
        }
    }

    /// The first project among the holders.
    pub fn project(&self) -> Option<&crate::holder::Project> {
        self.holders.iter().find_map(|holder| holder.project.as_ref())
    }

    /// `127.0.0.1:3000`, `[::1]:3000`, or the path.
    pub fn place(&self) -> String {
        match (self.address, self.port) {
            (Some(address), Some(port)) => std::net::SocketAddr::new(address, port).to_string(),
            _ => self.path.clone().unwrap_or_default(),
        }
    }
}

impl Protocol {
    /// The word people write: `tcp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Unix => "unix",
        }
    }
}

impl Exposure {
    /// The word of the table: `loopback`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Lan => "lan",
            Self::All => "all",
            Self::Container => "container",
        }
    }
}

impl OwnerUnknown {
    /// The word of the table: `other-user`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherUser => "other-user",
            Self::NotDumpable => "not-dumpable",
            Self::InFlight => "in-flight",
            Self::NoProcess => "no-process",
            Self::OtherNamespace => "other-namespace",
        }
    }
}

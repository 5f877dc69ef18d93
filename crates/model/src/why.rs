//! Why an address can or cannot be bound and reached.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::listener::{Listener, Protocol};

/// The whole answer of `navyd why`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// What was asked.
    pub target: Asked,
    /// The cause that matters most.
    pub verdict: CauseId,
    /// One line.
    pub summary: String,
    /// Every cause found, the most important first.
    pub causes: Vec<Cause>,
    /// What binding each form of the address did.
    pub bind: Vec<BindAttempt>,
    /// What connecting to each form of the address did.
    pub connect: Vec<ConnectAttempt>,
    /// How the name resolved, for a target with a name.
    pub resolution: Option<Resolution>,
    /// The listeners concerned.
    pub listeners: Vec<Listener>,
    /// What could not be seen, and what would be needed to see it.
    pub unknown: Vec<String>,
}

/// The target as understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The name or address, when one was given.
    pub host: Option<String>,
    /// The address asked about, when one was given or the name has one.
    pub address: Option<IpAddr>,
    /// The port; `None` when a bare name was given.
    pub port: Option<u16>,
    /// The protocol.
    pub proto: Protocol,
}

/// One reason, with its proof and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Which reason.
    pub id: CauseId,
    /// What was seen that proves it.
    pub evidence: String,
    /// A line that can be typed, where there is one.
    pub fix: Option<String>,
}

impl CauseId {
    /// Whether nothing is wrong when this is the verdict: the port is free, or what has it is there on purpose
    /// and answers.
    pub fn is_clean(self) -> bool {
        matches!(
            self,
            Self::Listener
                | Self::ReuseportGroup
                | Self::ContainerPublished
                | Self::SocketActivation
                | Self::Free
        )
    }
}

macro_rules! cause_ids {
    ($($(#[$doc:meta])* $variant:ident = $id:literal,)*) => {
        /// The reasons navyd knows. The words are part of the JSON contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum CauseId {
            $($(#[$doc])* #[serde(rename = $id)] $variant,)*
        }

        impl CauseId {
            /// Every reason, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word: `bound-not-listening`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }
        }
    };
}

cause_ids! {
    /// A listener holds the port: the ordinary case.
    Listener = "listener",
    /// A socket was bound and never listens: it takes the port and is shown by no ordinary tool.
    BoundNotListening = "bound-not-listening",
    /// An outgoing connection drew the port as its own source port.
    ClientSocket = "client-socket",
    /// Only closed connections remain, and their minute is not over.
    TimeWait = "time-wait",
    /// A listener on every IPv4 address also covers the one asked for, or the reverse.
    WildcardOverlap = "wildcard-overlap",
    /// A listener on `::` takes IPv4 as well.
    DualStackOverlap = "dual-stack-overlap",
    /// 127.0.0.1 and ::1 are held by different programs.
    SplitLocalhost = "split-localhost",
    /// Several sockets share the port on purpose (SO_REUSEPORT).
    ReuseportGroup = "reuseport-group",
    /// The port is reserved by the kernel's or the system's settings.
    Reserved = "reserved",
    /// The port lies where the kernel draws source ports from.
    EphemeralRange = "ephemeral-range",
    /// Binding it needs a privilege that this user lacks.
    NeedsPrivilege = "needs-privilege",
    /// It is held in another network namespace, and is free here.
    OtherNamespace = "other-namespace",
    /// A container engine publishes it.
    ContainerPublished = "container-published",
    /// Connections are answered, and no socket here has the port: a rule redirects them.
    NatRedirect = "nat-redirect",
    /// A rule refuses connections.
    FirewallReject = "firewall-reject",
    /// A rule swallows connections.
    FirewallDrop = "firewall-drop",
    /// The accept queue is full: the program does not accept.
    BacklogFull = "backlog-full",
    /// The loopback device is down.
    LoopbackDown = "loopback-down",
    /// This machine has no such address.
    AddressMissing = "address-missing",
    /// The socket's descriptor is on its way between processes, and no process has it.
    InFlight = "in-flight",
    /// A supervisor holds the socket on behalf of a program that it starts on demand.
    SocketActivation = "socket-activation",
    /// A child holds the socket of a parent that is gone.
    InheritedBy = "inherited-by",
    /// Nothing stands in the way.
    Free = "free",
    /// The name has no address.
    Unresolved = "unresolved",
    /// The kernel refused, and nothing that navyd may see explains it.
    Unknown = "unknown",
}

/// A real `bind()`, closed at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindAttempt {
    /// The address tried.
    pub address: IpAddr,
    /// For `::`: whether `IPV6_V6ONLY` was set.
    pub v6only: bool,
    /// Whether the kernel allowed it.
    pub ok: bool,
    /// The symbolic error: `EADDRINUSE`.
    pub errno: Option<String>,
}

/// A real `connect()`, closed at once without a byte sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectAttempt {
    /// The address tried.
    pub address: SocketAddr,
    /// What came of it.
    pub result: ConnectResult,
    /// Who answered, as the kernel tells; `None` when nobody did or it cannot be told.
    pub answered_by: Option<AnsweredBy>,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
}

/// What came of a `connect()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectResult {
    /// Accepted.
    Connected,
    /// A reset or an ICMP port-unreachable came back.
    Refused,
    /// Nothing came back in time.
    TimedOut,
    /// There is no way to that address from here.
    Unreachable,
    /// A rule on this machine forbade it (`EPERM`, `EACCES`).
    Forbidden,
    /// The socket met itself: source and destination were the same.
    SelfConnected,
    /// Not tried: the listener is of a kind that must not be touched.
    NotTried,
    /// Some other error.
    Failed,
}

/// The socket at the other end of our own connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredBy {
    /// The holder's process id.
    pub pid: Option<u32>,
    /// The holder's name.
    pub name: Option<String>,
    /// The cookie of the listener that answered.
    pub cookie: Option<u64>,
}

/// How a name becomes an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// The name asked for.
    pub name: String,
    /// The addresses, in the order in which programs try them.
    pub addresses: Vec<IpAddr>,
    /// What said so: `hosts file`, `resolver`, `*.localhost`, `literal`.
    pub source: String,
    /// The address that answers first, when one does.
    pub wins: Option<IpAddr>,
    /// What differs between programs, if anything.
    pub note: Option<String>,
}

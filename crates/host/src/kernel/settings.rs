//! What the system's settings and counters say about loopback and TCP.

/// A setting, a counter, or why it could not be read.
pub type Read<T> = Result<T, String>;

/// What a kernel tells of how it treats this machine's own connections. What it does not have is `None`, and what may
/// not be read says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether IPv6 is switched off on the loopback device; `None` where the kernel has no IPv6.
    pub without_v6: Read<Option<bool>>,
    /// Whether sockets on `::` leave IPv4 alone unless they say otherwise; `None` where the kernel has no IPv6.
    pub v6_alone: Read<Option<bool>>,
    /// The devices, other than loopback, that let packets to 127.0.0.0/8 in; `all` for every one.
    pub lets_loopback_in: Read<Vec<String>>,
    /// The strictest check of source addresses on all devices: 0 none, 1 strict, 2 loose.
    pub source_check: Read<u8>,
    /// Connections tracked for the packet filter; `None` while it tracks none.
    pub tracked: Read<Option<Tracked>>,
    /// The longest queue of connections that a listener may ask for.
    pub longest_queue: Read<u32>,
    /// Connections to listeners whose queue was full, and all that listeners lost, since the machine or the
    /// namespace came up.
    pub lost: Read<Lost>,
    /// Sockets in TIME_WAIT.
    pub time_wait: Read<u32>,
    /// Whether their ports are used again: 0 never, 1 for every connection, 2 for those of loopback.
    pub reuse: Read<u8>,
}

/// How many connections are tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracked {
    /// Now.
    pub count: u64,
    /// At most: what comes then is dropped.
    pub max: u64,
}

/// What listeners lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Because the queue of connections to be accepted was full.
    pub overflows: u64,
    /// For this and every other reason.
    pub drops: u64,
}

/// A network device's link layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Whether it is the loopback device.
    pub loopback: bool,
    /// The longest packet, in bytes.
    pub mtu: Option<u32>,
    /// The queueing discipline at its root: `noqueue`, `netem`.
    pub queueing: Option<String>,
}

/// The clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Whether it is kept in time.
    pub kept: bool,
    /// The greatest error that the kernel assumes, in microseconds.
    pub error_us: u64,
}

impl Settings {
    /// Where nothing was read, for this reason.
    pub fn unread(why: &str) -> Self {
        let why = || why.to_owned();
        Self {
            without_v6: Err(why()),
            v6_alone: Err(why()),
            lets_loopback_in: Err(why()),
            source_check: Err(why()),
            tracked: Err(why()),
            longest_queue: Err(why()),
            lost: Err(why()),
            time_wait: Err(why()),
            reuse: Err(why()),
        }
    }
}

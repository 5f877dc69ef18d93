//! What was seen, before anybody judges it.

use std::net::{IpAddr, SocketAddr};

use navyd_model::{
    BindAttempt, ConnectAttempt, Holder, Listener, Namespace, OwnerUnknown, Protocol, State, why::Resolution,
};

use super::rules::Rules;
use crate::kernel::{Action, Fate, Hit, Interface, Limits, Socket};

/// Everything that [`explain`](super::explain()) needs to know: plain data, so that every verdict can be tested
/// without a machine that shows it.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The sockets that take the port: listening, or bound only; in this namespace and, when nothing listens
    /// here, in others. Of both protocols.
    pub listeners: Vec<Listener>,
    /// The other TCP and UDP sockets of this namespace whose own port it is.
    pub neighbours: Vec<Neighbour>,
    /// Binding as servers do it (SO_REUSEADDR).
    pub bind: Vec<BindAttempt>,
    /// Binding without any option.
    pub plain: Vec<BindAttempt>,
    /// Connecting. Empty for UDP, where nothing answers by itself.
    pub connect: Vec<ConnectAttempt>,
    /// Connections that were answered by a socket with another address or port.
    pub redirected: Vec<Redirected>,
    /// Why no connection was made.
    pub untouched: Option<String>,
    /// What the settings say about ports.
    pub limits: Option<Limits>,
    /// The network devices; `None` when they could not be read.
    pub interfaces: Option<Vec<Interface>>,
    /// How the target's name resolved, for a target with a name.
    pub resolution: Option<Resolution>,
    /// The addresses of `localhost`, in the order in which programs try them. Empty when nobody needs to know.
    pub localhost: Vec<IpAddr>,
    /// The packet filter's rules for this port.
    pub rules: Rules,
    /// What the packet filter does with the connections that were refused, where that may be read and a rule certainly
    /// leads them elsewhere.
    pub led: Vec<Fate>,
    /// The places of this machine to which no connection could be made for want of a port to come from (EADDRNOTAVAIL).
    pub portless: Vec<SocketAddr>,
    /// The holders whose parents are gone.
    pub orphans: Vec<Orphan>,
    /// Whether some unix socket has a descriptor waiting in it. Looked for only when a process of this user, or
    /// any process for root, refuses to be read: otherwise the listener's own `owner_unknown` tells.
    pub descriptor_in_flight: bool,
    /// What could not be seen, and what would be needed.
    pub unknown: Vec<String>,
}

/// A socket that neither listens nor waits for `listen()`, and has the port all the same.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// The socket.
    pub socket: Socket,
    /// Who has it open.
    pub holders: Vec<Holder>,
    /// Why `holders` is empty.
    pub owner_unknown: Option<OwnerUnknown>,
}

/// The socket that answered in place of the one asked for.
#[derive(Debug, Clone)]
pub struct Redirected {
    /// Where the connection was made to.
    pub asked: SocketAddr,
    /// Where it arrived.
    pub arrived: SocketAddr,
    /// The namespace it arrived in, when it is not our own.
    pub netns: Option<Namespace>,
    /// Who has that socket open.
    pub holders: Vec<Holder>,
}

/// A process whose parent is gone. See [`crate::process::lost_leader`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The process.
    pub pid: u32,
    /// Its parent now: pid 1, or another process that takes in orphans.
    pub parent: u32,
    /// The leader of its process group or session, which has ended.
    pub leader: u32,
}

impl Facts {
    /// Whether this machine lacks the address, or its whole family.
    pub(super) fn lacks(&self, address: IpAddr) -> bool {
        let missing = |attempt: &&BindAttempt| {
            attempt.address == address
                && matches!(attempt.errno.as_deref(), Some("EADDRNOTAVAIL" | "EAFNOSUPPORT"))
        };
        self.bind.iter().any(|attempt| missing(&attempt))
    }

    /// Whether the loopback device exists and is down.
    pub(super) fn loopback_down(&self) -> bool {
        let devices = self.interfaces.iter().flatten();
        let mut loopbacks = devices.filter(|device| device.loopback).peekable();
        loopbacks.peek().is_some() && loopbacks.all(|device| !device.up)
    }

    /// The rule that leads connections to a place elsewhere, where they were refused.
    pub(super) fn led_from(&self, place: SocketAddr) -> Option<&Hit> {
        self.led.iter().find(|fate| fate.flow.to == place)?.by(Action::Nat)
    }

    /// Whether packets to our own addresses may come in by the device of this name.
    pub(super) fn is_loopback(&self, device: &str) -> bool {
        self.interfaces.iter().flatten().any(|known| known.loopback && known.name == device)
    }
}

impl Neighbour {
    /// Whether only the kernel still knows the connection: nobody has it open, and it ends by itself.
    pub(super) fn is_closed(&self) -> bool {
        match self.socket.state {
            State::TimeWait => true,
            State::FinWait1 | State::FinWait2 | State::Closing | State::LastAck => self.socket.inode == 0,
            _ => false,
        }
    }

    /// The protocol in the model's word.
    pub(super) fn proto(&self) -> Protocol {
        match self.socket.transport {
            crate::kernel::Transport::Tcp => Protocol::Tcp,
            crate::kernel::Transport::Udp => Protocol::Udp,
        }
    }
}

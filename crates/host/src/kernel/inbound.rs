//! What a packet filter does with TCP connections that are made from elsewhere, as every kernel's could be told.

use std::net::SocketAddr;

use super::filter::{Fate, Hit, Older};

/// TCP connections that arrive by a device other than loopback.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arrival {
    /// The device's name.
    pub device: String,
    /// Where they are made to.
    pub to: SocketAddr,
    /// Where a container engine leads them, past the rules for this machine's own sockets. `None` for those that
    /// arrive at a socket of this machine.
    pub led: Option<SocketAddr>,
}

/// What was read of the packet filter about arrivals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inbound {
    /// The rules that stop each arrival, in the order of the question. Behind one that certainly stops it nothing is
    /// told.
    pub stops: Vec<Vec<Hit>>,
    /// What becomes of connections to the ports of loopback that rules lead elsewhere, those of container engines left
    /// out.
    pub led: Vec<Fate>,
    /// The older of two filters, where the kernel has it beside the newer.
    pub older: Older,
}

#[cfg(test)]
impl Hit {
    /// A rule that drops, for tables of tests.
    pub(crate) fn drop(text: &str, certain: bool) -> Self {
        let action = super::rule::Action::Drop;
        Self { action, certain, answers: false, to: None, text: text.to_owned(), mend: None }
    }
}

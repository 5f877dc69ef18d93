//! What a packet filter does with connections that this machine makes to itself, as every kernel's could be told.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
};

use super::rule::Action;

/// TCP connections of this machine to itself: over its loopback device, whatever the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Where they are made to.
    pub to: SocketAddr,
    /// The address they are made from.
    pub from: IpAddr,
    /// The ports they are made from.
    pub ports: RangeInclusive<u16>,
}

/// What the rules do with a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// The flow.
    pub flow: Flow,
    /// The rules that stop it or lead it elsewhere, in the order in which it meets them. Behind one that certainly
    /// stops it nothing is told.
    pub hits: Vec<Hit>,
}

/// A rule, or a chain's policy, that takes a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What it does.
    pub action: Action,
    /// Whether it certainly does: otherwise a condition cannot be weighed by reading, such as a mark or a rate.
    pub certain: bool,
    /// Whether it takes the answers instead of the questions.
    pub answers: bool,
    /// Where it leads to, where it leads elsewhere and says so.
    pub to: Option<SocketAddr>,
    /// The rule as its own program writes it, and where it stands.
    pub text: String,
    /// What takes the rule away, or lets loopback through where it is a policy: a line that can be typed.
    pub mend: Option<String>,
}

/// What was read of the packet filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// What becomes of the flows asked about, in their order.
    pub fates: Vec<Fate>,
    /// What becomes of connections to the ports of loopback that rules lead elsewhere, those of container engines
    /// left out.
    pub led: Vec<Fate>,
    /// How many rules there are.
    pub rules: usize,
    /// The older of two filters, where the kernel has it beside the newer.
    pub older: Older,
}

/// The older filter: a second set of rules that the newer one's program does not show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Older {
    /// Its tables: empty while it is not in use.
    pub tables: Vec<String>,
    /// How many rules, and policies that drop, it has; `None` where they cannot be read.
    pub rules: Option<usize>,
    /// The rules that may take the flows asked about, none of them certainly: its conditions are weighed only as far as
    /// they name devices, ports and the way that a packet goes.
    pub fates: Vec<Fate>,
}

/// What a rule was seen to do with a packet of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule as its own program writes it, or the policy, and where it stands.
    pub text: String,
    /// What it did.
    pub did: Did,
    /// Whether the packet was an answer.
    pub answer: bool,
}

/// What becomes of a packet at a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// The chain ends, and the packet goes on.
    Accepted,
    /// The packet ends, in silence or with a refusal.
    Dropped,
    /// Another chain goes on, or a program is asked.
    Passed,
}

impl Flow {
    /// Connections of this machine to a place of its own, from ports of this range.
    pub fn own(to: SocketAddr, ports: RangeInclusive<u16>) -> Self {
        Self { to, from: Self::source(to.ip()), ports }
    }

    /// The address that connections of this machine to one of its own come from: the kernel takes 127.0.0.1 for all of
    /// 127.0.0.0/8, and elsewhere the address connected to.
    pub fn source(to: IpAddr) -> IpAddr {
        if to.is_ipv4() && to.is_loopback() { IpAddr::from([127, 0, 0, 1]) } else { to }
    }
}

impl Fate {
    /// The rule that certainly does this.
    pub fn by(&self, action: Action) -> Option<&Hit> {
        self.hits.iter().find(|hit| hit.certain && hit.action == action)
    }

    /// The rule that may do this.
    pub fn perhaps_by(&self, action: Action) -> Option<&Hit> {
        self.hits.iter().find(|hit| hit.action == action)
    }
}

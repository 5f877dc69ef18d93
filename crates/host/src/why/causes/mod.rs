//! The reasons, one file each: what must have been seen for it to be true, and what to do about it.
//!
//! [`CAUSES`] is their list, the most important first, and the only place that names them. A leaf looks at
//! facts and question and at nothing else, and says nothing when it is not proven. Deliberately absent: the
//! reason `unknown`, which is what remains when all of these are silent.

mod address_missing;
mod backlog_full;
mod bound_not_listening;
mod client_socket;
mod container_published;
mod dual_stack_overlap;
mod ephemeral_range;
mod firewall_drop;
mod firewall_reject;
mod free;
mod in_flight;
mod inherited_by;
mod listener;
mod loopback_down;
mod nat_redirect;
mod needs_privilege;
mod other_namespace;
mod reserved;
mod reuseport_group;
mod socket_activation;
mod split_localhost;
mod time_wait;
mod unresolved;
mod wildcard_overlap;

use navyd_model::CauseId;

use super::{facts::Facts, question::Question};

/// A reason that was proven.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// How much it matters.
    pub(super) weight: Weight,
    /// The line that stands for the whole answer when this is the verdict.
    pub(super) summary: String,
    /// What was seen.
    pub(super) evidence: String,
    /// What can be typed.
    pub(super) fix: Option<String>,
}

/// How much a reason matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It answers the question by itself.
    Decides,
    /// It is worth knowing besides.
    Remark,
}

/// A line of [`CAUSES`].
pub(super) struct Leaf {
    /// Its word.
    pub(super) id: CauseId,
    /// Its proof.
    pub(super) cause: fn(&Facts, &Question) -> Option<Found>,
}

/// Every reason that can be proven, the most important first: what makes all else meaningless, what is wrong
/// with a listener that is there, whose listener it is, what takes the port without listening, what forbids
/// it, and at last that nothing does.
pub(super) const CAUSES: &[Leaf] = &[
    Leaf { id: CauseId::Unresolved, cause: unresolved::cause },
    Leaf { id: CauseId::LoopbackDown, cause: loopback_down::cause },
    Leaf { id: CauseId::AddressMissing, cause: address_missing::cause },
    Leaf { id: CauseId::BacklogFull, cause: backlog_full::cause },
    Leaf { id: CauseId::FirewallDrop, cause: firewall_drop::cause },
    Leaf { id: CauseId::FirewallReject, cause: firewall_reject::cause },
    Leaf { id: CauseId::EphemeralRange, cause: ephemeral_range::cause },
    Leaf { id: CauseId::SplitLocalhost, cause: split_localhost::cause },
    Leaf { id: CauseId::InFlight, cause: in_flight::cause },
    Leaf { id: CauseId::InheritedBy, cause: inherited_by::cause },
    Leaf { id: CauseId::ContainerPublished, cause: container_published::cause },
    Leaf { id: CauseId::SocketActivation, cause: socket_activation::cause },
    Leaf { id: CauseId::DualStackOverlap, cause: dual_stack_overlap::cause },
    Leaf { id: CauseId::WildcardOverlap, cause: wildcard_overlap::cause },
    Leaf { id: CauseId::ReuseportGroup, cause: reuseport_group::cause },
    Leaf { id: CauseId::Listener, cause: listener::cause },
    Leaf { id: CauseId::NatRedirect, cause: nat_redirect::cause },
    Leaf { id: CauseId::BoundNotListening, cause: bound_not_listening::cause },
    Leaf { id: CauseId::ClientSocket, cause: client_socket::cause },
    Leaf { id: CauseId::NeedsPrivilege, cause: needs_privilege::cause },
    Leaf { id: CauseId::TimeWait, cause: time_wait::cause },
    Leaf { id: CauseId::Reserved, cause: reserved::cause },
    Leaf { id: CauseId::OtherNamespace, cause: other_namespace::cause },
    Leaf { id: CauseId::Free, cause: free::cause },
];

impl Found {
    /// A reason that answers the question.
    pub(super) fn decides(summary: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self { weight: Weight::Decides, summary: summary.into(), evidence: evidence.into(), fix: None }
    }

    /// A reason that is worth knowing besides another.
    pub(super) fn remark(evidence: impl Into<String>) -> Self {
        Self { weight: Weight::Remark, summary: String::new(), evidence: evidence.into(), fix: None }
    }

    /// With a line to type.
    pub(super) fn fix(self, line: impl Into<String>) -> Self {
        Self { fix: Some(line.into()), ..self }
    }

    /// The same as a remark when `other` holds.
    pub(super) fn only_a_remark_if(self, other: bool) -> Self {
        Self { weight: if other { Weight::Remark } else { self.weight }, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_but_unknown_has_one_leaf() {
        let listed: BTreeSet<_> = CAUSES.iter().map(|leaf| leaf.id).collect();
        assert_eq!(listed.len(), CAUSES.len());
        let missing: Vec<_> = CauseId::ALL.iter().filter(|id| !listed.contains(id)).collect();
        assert_eq!(missing, [&CauseId::Unknown]);
    }
}

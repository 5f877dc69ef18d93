//! Rules of a packet filter that may concern ports, as every kernel's could be told.

use std::{net::IpAddr, ops::RangeInclusive};

use navyd_model::Protocol;

/// What a rule does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Swallows it.
    Drop,
    /// Refuses it with an answer.
    Reject,
    /// Leads it to another address or port.
    Nat,
}

/// A rule that matches the port, or every port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it does.
    pub action: Action,
    /// Whether it names the port: otherwise it takes all of them.
    pub names_port: bool,
    /// The chain it stands in.
    pub chain: String,
    /// The rule as its own program writes it, and where it stands.
    pub text: String,
}

/// Which rules to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleQuery {
    /// The port connected to.
    pub port: u16,
    /// TCP or UDP.
    pub proto: Protocol,
}

/// Ports that a container engine leads to a container by a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// TCP or UDP.
    pub proto: Protocol,
    /// The address connected to; every one of its family when `None`.
    pub address: Option<IpAddr>,
    /// The ports connected to.
    pub ports: RangeInclusive<u16>,
    /// The container's address, which also tells the family.
    pub to: IpAddr,
    /// The container's port.
    pub to_port: ToPort,
}

/// Which port of the container a published port leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToPort {
    /// The one connected to.
    Same,
    /// Always this.
    One(u16),
    /// One of several, which the rule leaves open.
    Open,
}

impl Rule {
    /// Whether a container engine made it.
    pub fn is_of_container(&self) -> bool {
        is_of_engine(&self.chain)
    }
}

/// Whether a chain is one that a container engine keeps for itself: `DOCKER`, and `nat-prerouting-and-output`
/// where Docker writes nf_tables itself; `NETAVARK-…` and `nv_…` of Podman; `CNI-…`, and `hostports` and
/// `hostip_hostports` of CNI's nf_tables. Bias: another program's chain of such a name is taken for an engine's.
pub(super) fn is_of_engine(chain: &str) -> bool {
    let chain = chain.to_ascii_uppercase();
    ["DOCKER", "NETAVARK", "NV_", "CNI-"].iter().any(|prefix| chain.starts_with(prefix))
        || ["NAT-PREROUTING-AND-OUTPUT", "HOSTPORTS", "HOSTIP_HOSTPORTS"].contains(&chain.as_str())
}

impl Published {
    /// Whether a container is meant: an engine also leads its own resolver's port to another of the same address.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(super) fn leads_elsewhere(&self) -> bool {
        self.address != Some(self.to) && !self.to.is_loopback() && !self.to.is_unspecified()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_known_by_its_chain() {
        for (chain, expected) in [
            ("DOCKER", true),
            ("DOCKER-USER", true),
            ("nat-prerouting-and-output", true),
            ("NETAVARK-DN-1D8721804F16F", true),
            ("nv_2f259bab_10_88_0_0_nm16_dnat", true),
            ("CNI-DN-0123456789abcdef", true),
            ("hostports", true),
            ("PREROUTING", false),
            ("KUBE-SERVICES", false),
            ("output", false),
            ("", false),
        ] {
            assert_eq!(is_of_engine(chain), expected, "{chain}");
        }
    }
}

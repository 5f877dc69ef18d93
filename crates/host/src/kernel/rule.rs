//! Rules of a packet filter that may concern one port, as every kernel's could be told.

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

impl Rule {
    /// Whether a container engine made it: told by the chains that Docker, Podman and CNI keep for themselves.
    pub fn is_of_container(&self) -> bool {
        let chain = self.chain.to_ascii_uppercase();
        ["DOCKER", "NETAVARK", "CNI-"].iter().any(|prefix| chain.starts_with(prefix))
    }
}

//! The packet filter's rules as evidence: never needed for a verdict, and shown when they were found.

use std::net::IpAddr;

pub(super) use crate::kernel::Action;
use crate::kernel::Rule;

/// What is known of the rules that concern the port.
#[derive(Debug, Clone, Default)]
pub enum Rules {
    /// Nothing was seen that a rule would explain, so they were not read.
    #[default]
    NotAsked,
    /// They were read, and these match.
    Read(Vec<Rule>),
    /// They could not be read, for this reason.
    Unreadable(String),
}

impl Rules {
    /// The rules that do this.
    pub(super) fn found(&self, action: Action) -> impl Iterator<Item = &Rule> {
        let all = match self {
            Self::Read(rules) => rules.as_slice(),
            Self::NotAsked | Self::Unreadable(_) => &[],
        };
        all.iter().filter(move |rule| rule.action == action)
    }

    /// Whether silence at an address is that of a rule which refuses: it names the port, and none that names it drops; or,
    /// with IPv6, none drops at all. Linux loses some of the ICMPv6 answers of such a rule on loopback.
    pub(super) fn refuse_in_silence(&self, address: IpAddr) -> bool {
        let names = |action| self.found(action).any(|rule| rule.names_port);
        let any = |action| self.found(action).next().is_some();
        (names(Action::Reject) && !names(Action::Drop))
            || (address.is_ipv6() && any(Action::Reject) && !any(Action::Drop))
    }

    /// `` ; rule `…` ``: the first that does this, to follow a sentence.
    pub(super) fn evidence(&self, action: Action) -> String {
        match self {
            Self::NotAsked => String::new(),
            Self::Unreadable(reason) => format!("; the rules could not be read ({reason})"),
            Self::Read(_) => match self.found(action).next() {
                Some(rule) => format!("; rule `{}`", rule.text),
                None => "; no rule for it was recognised".into(),
            },
        }
    }
}

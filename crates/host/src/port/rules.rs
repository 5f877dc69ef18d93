//! Which ports are worth offering, whoever holds them now. Pure.

use std::{fmt, ops::RangeInclusive};

use navyd_model::ports::blocked_by_browsers;
use serde::{Deserialize, Serialize};

use crate::kernel::{self, Limits};

/// What this system's settings say of its ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Where outgoing connections draw their source ports from.
    pub ephemeral: Option<RangeInclusive<u16>>,
    /// Ranges that an administrator or the system has set aside.
    pub reserved: Vec<RangeInclusive<u16>>,
    /// The lowest port that this process may bind.
    pub lowest: u16,
}

/// Why a port is not offered, even when it is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objection {
    /// It needs a privilege that this process has not.
    NeedsPrivilege,
    /// Browsers refuse to open it.
    BlockedByBrowsers,
    /// It has been set aside.
    Reserved,
    /// An outgoing connection may take it at any time.
    EphemeralRange,
}

impl Rules {
    /// Those of this machine.
    pub fn here() -> Self {
        Self::from(kernel::limits())
    }

    /// The first objection to a port; `None` when it may be offered.
    pub fn objection(&self, port: u16) -> Option<Objection> {
        let within = |range: &RangeInclusive<u16>| range.contains(&port);
        match () {
            () if blocked_by_browsers(port) => Some(Objection::BlockedByBrowsers),
            () if port < self.lowest => Some(Objection::NeedsPrivilege),
            () if self.reserved.iter().any(within) => Some(Objection::Reserved),
            () if self.ephemeral.as_ref().is_some_and(within) => Some(Objection::EphemeralRange),
            () => None,
        }
    }
}

impl From<Limits> for Rules {
    fn from(limits: Limits) -> Self {
        // Where the system does not say, the rule of POSIX systems holds: below 1024 is privileged.
        let lowest = limits.unprivileged_from.unwrap_or(1024);
        let lowest = if limits.may_bind_low == Some(true) { 1 } else { lowest.max(1) };
        Self { ephemeral: limits.ephemeral, reserved: limits.reserved, lowest }
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeedsPrivilege => "needs a privilege",
            Self::BlockedByBrowsers => "is refused by browsers",
            Self::Reserved => "is reserved on this system",
            Self::EphemeralRange => "is in the range of outgoing connections, one of which may take it",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objections() {
        let rules = Rules { ephemeral: Some(32768..=60999), reserved: vec![8080..=8080], lowest: 1024 };
        for (port, expected) in [
            (0, Some(Objection::BlockedByBrowsers)),
            (80, Some(Objection::NeedsPrivilege)),
            (1024, None),
            (3000, None),
            (6000, Some(Objection::BlockedByBrowsers)),
            (8080, Some(Objection::Reserved)),
            (32767, None),
            (32768, Some(Objection::EphemeralRange)),
            (60999, Some(Objection::EphemeralRange)),
            (61000, None),
        ] {
            assert_eq!(rules.objection(port), expected, "{port}");
        }
    }

    #[test]
    fn settings_become_rules() {
        let limits = |unprivileged_from, may_bind_low| Limits {
            ephemeral: None,
            reserved: Vec::new(),
            unprivileged_from,
            may_bind_low,
            may_destroy: None,
        };
        for (from, low, expected) in [
            (None, None, 1024),
            (Some(1024), Some(false), 1024),
            (Some(1024), Some(true), 1),
            (Some(80), Some(false), 80),
            (Some(0), Some(false), 1),
        ] {
            assert_eq!(Rules::from(limits(from, low)).lowest, expected, "{from:?} {low:?}");
        }
    }
}

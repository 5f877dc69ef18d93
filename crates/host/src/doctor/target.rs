//! The same for one port: why it can or cannot be bound and reached, and the rows that may stand in its way.

use navyd_model::{Diagnosis, Target, Why, target::Host};

use super::{Outside, diagnose};
use crate::{kernel::Error, why};

/// The rows that concern any port of this machine; the others are about names, programs and clocks.
const CONCERN: &[&str] = &[
    "lo-up",
    "lo-device",
    "loopback-addresses",
    "connect",
    "bindv6only",
    "unprivileged-ports",
    "ephemeral-range",
    "backlog",
    "time-wait",
    "conntrack",
    "firewall-drop",
    "firewall-reject",
    "redirect",
    "legacy-iptables",
];

/// The rows that concern a target with a name besides.
const CONCERN_NAMES: &[&str] = &["hosts", "localhost-names", "address-order", "dns"];

/// What is wrong with a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Doctored {
    /// The causes: the same as of `navyd why`.
    pub why: Why,
    /// The rows that concern a port, and the connect matrix.
    pub diagnosis: Diagnosis,
}

/// Looks at a target, and at what any port of this machine needs.
///
/// # Errors
/// When the kernel tells nothing of this namespace's sockets.
pub fn of(target: &Target, outside: Outside) -> Result<Doctored, Error> {
    let why = why::why(target)?;
    let Diagnosis { mut checks, matrix } = diagnose(outside);
    let has_name = matches!(target.host, Some(Host::Name(_)));
    checks.retain(|check| {
        let id = check.id.as_str();
        CONCERN.contains(&id) || (has_name && CONCERN_NAMES.contains(&id))
    });
    Ok(Doctored { why, diagnosis: Diagnosis { checks, matrix } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::rows;

    #[test]
    fn every_row_that_concerns_a_port_is_one() {
        for id in CONCERN.iter().chain(CONCERN_NAMES) {
            assert!(rows().any(|row| row.id == *id), "{id}");
        }
    }

    #[test]
    fn a_port_that_nobody_has_is_free_here_too() {
        let place = std::net::TcpListener::bind("127.62.89.32:0").unwrap().local_addr().unwrap();
        let found = of(&place.to_string().parse::<Target>().unwrap(), Outside::default()).unwrap();
        assert_eq!(found.diagnosis.checks.len(), CONCERN.len());
        assert_eq!(
            found.why.verdict,
            why::why(&place.to_string().parse::<Target>().unwrap()).unwrap().verdict
        );
    }
}

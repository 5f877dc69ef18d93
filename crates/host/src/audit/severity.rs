//! How bad a finding is: power times reach times gate.
//!
//! Power is what the one who gets there can do; reach is who gets there; a gate is what stands between. The three
//! are added and multiplied so that published incidents keep the score that they were given, within one point of
//! CVSS: the table of tests is that anchor.

use navyd_model::finding::Severity;

/// What can be done by the one who gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    /// Learn of something that helps with the next step, or be confused by it.
    Info,
    /// Read secrets or source.
    Read,
    /// Write data.
    Write,
    /// Run code, or become root.
    Code,
}

/// Who gets there. The order is that of the harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Programs of the same user.
    SameUser,
    /// Every user of this machine.
    AnyUser,
    /// Every page that a browser of this machine has open.
    AnyPage,
    /// The machines, or the containers, beside this one.
    Lan,
    /// Whoever has a route to this machine.
    Routable,
}

/// What stands between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Something that proves who asks: a password, a token, a certificate.
    Real,
    /// Something that only looks at where the question comes from: an address, a `Host`.
    Weak,
    /// Nothing.
    None,
}

/// The score of the three.
pub fn severity(power: Power, reach: Reach, gate: Gate) -> Severity {
    Severity::new((power.points() + reach.points()) * gate.share())
}

impl Power {
    fn points(self) -> f64 {
        match self {
            Self::Info => 2.5,
            Self::Read => 6.0,
            Self::Write => 7.0,
            Self::Code => 9.0,
        }
    }
}

impl Reach {
    fn points(self) -> f64 {
        match self {
            Self::SameUser => -4.0,
            Self::AnyUser => -1.5,
            Self::AnyPage => 0.0,
            Self::Lan => 0.3,
            Self::Routable => 0.8,
        }
    }
}

impl Gate {
    fn share(self) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Weak => 0.6,
            Self::Real => 0.15,
        }
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::finding::Word;

    use super::*;

    #[test]
    fn published_incidents_keep_their_score_within_a_point() {
        for (incident, power, reach, published) in [
            ("CVE-2025-49596 MCP Inspector", Power::Code, Reach::AnyPage, 9.4),
            ("CVE-2026-22812 OpenCode", Power::Code, Reach::AnyPage, 8.8),
            ("CVE-2025-52882 Claude Code extensions", Power::Code, Reach::AnyPage, 8.8),
            ("CVE-2025-11953 Metro", Power::Code, Reach::Routable, 9.8),
            ("CVE-2025-9074 Docker Desktop", Power::Code, Reach::Lan, 9.3),
            ("CVE-2025-66416 MCP SDK", Power::Write, Reach::AnyPage, 7.6),
            ("CVE-2024-28224 Ollama", Power::Write, Reach::AnyPage, 6.6),
            ("CVE-2025-24010 Vite", Power::Read, Reach::AnyPage, 6.5),
            ("CVE-2025-30360 webpack-dev-server", Power::Read, Reach::AnyPage, 6.5),
            ("CVE-2025-30359 webpack-dev-server", Power::Read, Reach::AnyPage, 5.3),
        ] {
            let ours = severity(power, reach, Gate::None).score;
            assert!((ours - published).abs() <= 1.0, "{incident}: {ours}, published {published}");
        }
    }

    #[test]
    fn less_power_less_reach_and_a_gate_never_make_it_worse() {
        let powers = [Power::Info, Power::Read, Power::Write, Power::Code];
        let reaches = [Reach::SameUser, Reach::AnyUser, Reach::AnyPage, Reach::Lan, Reach::Routable];
        for pair in powers.windows(2) {
            for reach in reaches {
                assert!(severity(pair[0], reach, Gate::None) < severity(pair[1], reach, Gate::None));
            }
        }
        for pair in reaches.windows(2) {
            assert!(severity(Power::Read, pair[0], Gate::None) < severity(Power::Read, pair[1], Gate::None));
        }
        assert!(
            severity(Power::Code, Reach::Lan, Gate::Real) < severity(Power::Code, Reach::Lan, Gate::Weak)
        );
        assert!(
            severity(Power::Code, Reach::Lan, Gate::Weak) < severity(Power::Code, Reach::Lan, Gate::None)
        );
        assert_eq!(severity(Power::Info, Reach::SameUser, Gate::None).word, Word::Info);
    }
}

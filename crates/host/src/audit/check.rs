//! What a check is, and what it says.

use navyd_model::finding::Confidence;

use super::{Facts, Gate, Power, Reach, Subject, stakes};

/// One danger that can be looked for: a leaf of this room.
#[derive(Debug)]
pub struct Check {
    /// Its number, part of the JSON contract: `A10`.
    pub id: &'static str,
    /// The danger, in a few words without a full stop.
    pub title: &'static str,
    /// Why it matters, in whole sentences: what could be done, and where that has happened (incident or CVE).
    pub why: &'static str,
    /// When it is silent on purpose, in whole sentences: what looks like the danger and is none.
    pub spares: &'static str,
    /// What mends it for each framework or program: its name as [`navyd_model::Holder::framework`] has it or as the
    /// program is called, and the line. The line for everything else has an empty name.
    pub fixes: &'static [(&'static str, &'static str)],
    /// The judgement.
    pub judge: Judge,
}

/// How a check looks at the facts. Pure, both of them.
#[derive(Clone, Copy)]
pub enum Judge {
    /// At each listener alone, with the rest around it.
    Each(fn(&Subject, &Facts) -> Option<Found>),
    /// At all of them together: what is found stands at a listener, or at none.
    Whole(for<'a> fn(&'a Facts) -> Vec<At<'a>>),
    /// At nothing: it is a rule by which the others judge, and only explained.
    Told,
}

/// What was found, and at which listener; at none where the danger is the machine's own.
pub type At<'a> = (Option<&'a Subject>, Found);

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What can be done by it.
    pub power: Power,
    /// By whom.
    pub reach: Reach,
    /// What stands between.
    pub gate: Gate,
    /// How sure it is.
    pub confidence: Confidence,
    /// What was seen.
    pub evidence: String,
    /// What mends it.
    pub fix: Option<String>,
}

impl Check {
    /// The line that mends it for this subject: that of its framework or program, else the one for everything else.
    pub(super) fn fix(&self, subject: &Subject) -> Option<String> {
        let names = subject.names();
        let of = |name: &str| self.fixes.iter().find(|(of, _)| of.eq_ignore_ascii_case(name));
        names.iter().find_map(|name| of(name)).or_else(|| of("")).map(|(_, line)| subject.fill(line))
    }

    /// What an answer has proven that whoever gets there was given without a key, with what came of asking from the other
    /// side behind it.
    pub(super) fn answered(&self, subject: &Subject, facts: &Facts, power: Power, seen: &str) -> Found {
        let evidence = format!("{seen}{}", subject.other_side());
        let found = Found::observed(power, stakes::heard(subject, facts), evidence);
        found.sure(Confidence::Proven).fix(self.fix(subject))
    }
}

impl Found {
    /// Something seen, with nothing in between and no line yet.
    pub(super) fn observed(power: Power, reach: Reach, evidence: impl Into<String>) -> Self {
        let evidence = evidence.into();
        Self { power, reach, gate: Gate::None, confidence: Confidence::Observed, evidence, fix: None }
    }

    /// With a line.
    pub(super) fn fix(self, line: impl Into<Option<String>>) -> Self {
        Self { fix: line.into(), ..self }
    }

    /// As sure as this.
    pub(super) fn sure(self, confidence: Confidence) -> Self {
        Self { confidence, ..self }
    }

    /// With this in between.
    pub(super) fn behind(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }
}

impl std::fmt::Debug for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Each(_) => "Each",
            Self::Whole(_) => "Whole",
            Self::Told => "Told",
        })
    }
}

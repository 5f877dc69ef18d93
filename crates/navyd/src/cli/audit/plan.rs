//! What is wanted of an audit, resolved; and one look at the machine by it.

use navyd_model::{
    Target,
    finding::{Audit, Finding, Word},
};

use super::{super::named, baseline::Baseline, credentials};
use crate::{
    client::{self, Facts, Scope},
    exit::Exit,
    out::Failure,
};

/// The check that needs the hub's record.
const CREDENTIALS: &str = "A62";

/// What is wanted.
#[derive(Debug)]
pub(super) struct Plan {
    /// The listeners that are wanted, as they were typed and as they were read; all when it is empty.
    pub(super) targets: Vec<(String, Target)>,
    /// The checks that are wanted; all when it is empty.
    pub(super) only: Vec<&'static str>,
    /// The checks that are not.
    pub(super) skip: Vec<&'static str>,
    /// What is milder is left out.
    pub(super) min_severity: Word,
    /// Whether listeners are asked as well.
    pub(super) probe: bool,
    /// What is accepted.
    pub(super) baseline: Baseline,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The answer, without what is accepted.
    pub(super) answer: Audit,
    /// What is accepted, and why.
    pub(super) accepted: Vec<(Finding, Option<String>)>,
}

impl Plan {
    /// One look at the machine that asks nobody, where every target must name something.
    pub(super) fn look(&self) -> Result<Seen, Failure> {
        Ok(self.judge(self.facts()?))
    }

    /// Another look while watching: a target may name nothing for a while, such as during a restart.
    pub(super) fn look_again(&self) -> Result<Seen, Failure> {
        Ok(self.judge(self.of(listeners()?)))
    }

    /// The facts about the listeners that are wanted, where every target must name something.
    pub(super) fn facts(&self) -> Result<Facts, Failure> {
        let seen = listeners()?;
        let names = |target| seen.listeners.iter().any(|listener| named::names(target, listener));
        if let Some((typed, _)) = self.targets.iter().find(|(_, target)| !names(target)) {
            return Err(Failure::new(format!("`{typed}` names no listener"))
                .cause("nothing that listens now has this port, address, program or project")
                .hint("navyd ls"));
        }
        Ok(self.of(seen))
    }

    /// What these facts say.
    pub(super) fn judge(&self, facts: Facts) -> Seen {
        let mut unasked = Vec::new();
        if !self.probe && !self.baseline.is_empty() {
            let plans = client::plan_audit(&facts);
            unasked
                .extend(plans.iter().flat_map(|plan| &plan.questions).flat_map(|question| &question.checks));
        }
        self.settle(client::judge_audit(facts, |check| self.wants(check.id)), &unasked)
    }

    fn of(&self, mut seen: client::Seen) -> Facts {
        if !self.targets.is_empty() {
            seen.listeners
                .retain(|listener| self.targets.iter().any(|(_, target)| named::names(target, listener)));
        }
        let mut facts = client::facts_of(seen.listeners);
        facts.unknown.extend(seen.notes);
        if self.wants(CREDENTIALS) {
            credentials::add(&mut facts);
        }
        facts
    }

    fn wants(&self, id: &str) -> bool {
        (self.only.is_empty() || self.only.contains(&id)) && !self.skip.contains(&id)
    }

    /// Takes out what is accepted and what is too mild. `unasked` are the checks that only answers could decide.
    fn settle(&self, mut answer: Audit, unasked: &[&str]) -> Seen {
        let (accepted, findings) = self.baseline.part(answer.findings);
        let is_known = |id: &str| client::checks().any(|check| check.id.eq_ignore_ascii_case(id));
        let unknown = self.baseline.unknown(is_known);
        // Whoever looks for less than all finds less than all.
        if self.targets.is_empty() && self.only.is_empty() && self.skip.is_empty() {
            answer.stale = self.baseline.stale(&accepted, unasked);
        }
        answer.stale.extend(unknown);
        answer.accepted = accepted.len();
        answer.findings = findings;
        answer.findings.retain(|finding| finding.severity.word >= self.min_severity);
        Seen { answer, accepted }
    }
}

impl Seen {
    /// What is only inferred may be wrong, and fails nobody's build.
    pub(super) fn exit(&self) -> Exit {
        let decides = self.answer.findings.iter().any(|finding| finding.confidence.decides());
        if decides { Exit::No } else { Exit::Yes }
    }
}

fn listeners() -> Result<client::Seen, Failure> {
    let scope = Scope { unix: true, published: true, ..Scope::default() };
    // Where the system does not list unix sockets, those of the network are judged all the same.
    client::listeners(&scope).or_else(|_| client::listeners(&Scope { unix: false, ..scope }))
}

#[cfg(test)]
mod tests {
    use navyd_model::finding::{Confidence, Severity};

    use super::{super::fixture::finding, *};

    fn plan(min_severity: Word, skip: &[&'static str]) -> Plan {
        Plan {
            targets: Vec::new(),
            only: Vec::new(),
            skip: skip.to_vec(),
            min_severity,
            probe: false,
            baseline: Baseline::default(),
        }
    }

    #[test]
    fn only_what_is_sure_and_bad_enough_decides() {
        for (confidence, score, min, exit) in [
            (Confidence::Proven, 9.0, Word::Info, Exit::No),
            (Confidence::Observed, 0.5, Word::Info, Exit::No),
            (Confidence::Observed, 6.9, Word::High, Exit::Yes),
            (Confidence::Inferred, 9.9, Word::Info, Exit::Yes),
        ] {
            let severity = Severity::new(score);
            let found = Finding { confidence, severity, ..finding("A01", "shop", "node", 1, "::", 80) };
            let seen = plan(min, &[]).settle(Audit { findings: vec![found], ..Audit::default() }, &[]);
            assert_eq!(seen.exit(), exit, "{confidence:?} {score} {min:?}");
        }
    }

    #[test]
    fn checks_are_chosen() {
        let some = Plan { only: vec!["A01", "A02"], ..plan(Word::Info, &["A02"]) };
        assert_eq!(["A01", "A02", "A03"].map(|id| some.wants(id)), [true, false, false]);
        assert_eq!(["A01", "A02"].map(|id| plan(Word::Info, &["A02"]).wants(id)), [true, false]);
    }
}

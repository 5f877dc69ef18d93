//! What is wanted of an audit, resolved; and one look at the machine by it.

use navyd_model::{
    Target,
    finding::{Audit, Finding, Word},
};

use super::{super::named, baseline::Baseline};
use crate::{
    client::{self, Scope},
    exit::Exit,
    out::Failure,
};

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
    /// One look at the machine, where every target must name something.
    pub(super) fn look(&self) -> Result<Seen, Failure> {
        let seen = listeners()?;
        let names = |target| seen.listeners.iter().any(|listener| named::names(target, listener));
        if let Some((typed, _)) = self.targets.iter().find(|(_, target)| !names(target)) {
            return Err(Failure::new(format!("`{typed}` names no listener"))
                .cause("nothing that listens now has this port, address, program or project")
                .hint("navyd ls"));
        }
        Ok(self.judge(seen))
    }

    /// Another look while watching: a target may name nothing for a while, such as during a restart.
    pub(super) fn look_again(&self) -> Result<Seen, Failure> {
        Ok(self.judge(listeners()?))
    }

    fn judge(&self, mut seen: client::Seen) -> Seen {
        if !self.targets.is_empty() {
            seen.listeners
                .retain(|listener| self.targets.iter().any(|(_, target)| named::names(target, listener)));
        }
        let mut answer = client::audit(seen.listeners, |check| self.wants(check.id));
        answer.unknown.extend(seen.notes);
        self.settle(answer)
    }

    fn wants(&self, id: &str) -> bool {
        (self.only.is_empty() || self.only.contains(&id)) && !self.skip.contains(&id)
    }

    /// Takes out what is accepted and what is too mild.
    fn settle(&self, mut answer: Audit) -> Seen {
        let (accepted, findings) = self.baseline.part(answer.findings);
        // Whoever asks for less than all finds less than all.
        if self.targets.is_empty() && self.only.is_empty() && self.skip.is_empty() {
            answer.stale = self.baseline.stale(accepted.iter().map(|(finding, _)| finding));
        }
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

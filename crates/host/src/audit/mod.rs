//! Is it safe? What is dangerous about this machine's listeners, with proof and the line that mends it.
//!
//! A check is one file: what it is called, why it matters, when it is silent on purpose, and a pure judgement over
//! [`Facts`] with its table of tests. `CHECKS` is the list of them, and the only place that names them; the engine
//! knows none. Deliberately absent: exploiting anything, signing in, opening a session, and the word "reachable" for
//! what was only seen from this machine.

mod ask;
mod check;
mod checks;
mod facts;
mod files;
mod firewall;
mod gather;
pub mod known;
mod severity;
mod stakes;
mod tls;

use navyd_model::finding::{Finding, Keeper, Place};

pub use ask::{Ask, BUDGET, Ground, Heard, Plan, QUESTIONS, Question, Word, ask, plan};
pub use check::{At, Check, Found, Judge};
pub use facts::{Credential, Facts, Program, Subject};
pub use files::{Authority, Certificate, Issuer, TlsFile};
pub use firewall::Firewall;
pub use gather::gather;
pub use severity::{Gate, Power, Reach, severity};

pub(crate) use tls::der;

use ask::FOREIGN;
use checks::inspects;

#[cfg(test)]
use checks::fixture;

/// Every check, in the order of their numbers.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    checks::CHECKS.iter().copied()
}

/// What `wanted` checks find in these facts, the worst first. Pure.
pub fn judge(facts: &Facts, wanted: impl Fn(&Check) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in checks().filter(|check| wanted(check)) {
        match check.judge {
            Judge::Each(judge) => {
                let found =
                    facts.subjects.iter().filter_map(|subject| Some((subject, judge(subject, facts)?)));
                findings.extend(found.map(|(subject, found)| finding(check, Some(subject), found)));
            }
            Judge::Told => {}
            Judge::Whole(judge) => {
                let found = judge(facts).into_iter();
                findings.extend(found.map(|(at, found)| finding(check, at, found)));
            }
        }
    }
    // What has a socket for each core listens several times at one place, which is one danger.
    let mut told: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !told.iter().any(|one| one.id == finding.id && *one == finding) {
            told.push(finding);
        }
    }
    let mut findings = told;
    findings.sort_by(|a, b| b.severity.score.total_cmp(&a.severity.score).then_with(|| a.id.cmp(&b.id)));
    findings
}

fn finding(check: &Check, subject: Option<&Subject>, found: Found) -> Finding {
    let listener = subject.map(|subject| &subject.listener);
    let holders = listener.into_iter().flat_map(|listener| &listener.holders);
    Finding {
        id: check.id.to_owned(),
        title: check.title.to_owned(),
        severity: severity(found.power, found.reach, found.gate),
        confidence: found.confidence,
        listener: listener.map(|listener| Place {
            address: listener.address,
            port: listener.port,
            proto: listener.proto,
            path: listener.path.clone(),
        }),
        holders: holders
            .map(|holder| Keeper {
                pid: holder.pid,
                name: holder.name.clone(),
                user: holder.user.clone(),
                framework: holder.framework.clone(),
                cwd: holder.cwd.clone(),
            })
            .collect(),
        project: listener.and_then(|listener| listener.project().cloned()),
        evidence: found.evidence,
        fix: found.fix,
        doc: format!("navyd audit explain {}", check.id),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sockets_at_one_place_are_one_danger() {
        let twice = |ports: [u16; 2]| Facts {
            subjects: ports
                .map(|port| fixture::with_argv(fixture::held(port, "x", None), "x --password hunter2hunter2"))
                .into(),
            ..Facts::default()
        };
        let found = |facts: Facts| judge(&facts, |check| check.id == "A54").len();
        assert_eq!((found(twice([80, 80])), found(twice([80, 81]))), (1, 2));
    }

    #[test]
    fn every_check_has_a_number_of_its_own_in_order_and_explains_itself() {
        let ids: Vec<_> = checks().map(|check| check.id).collect();
        let sorted: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids, sorted.into_iter().collect::<Vec<_>>());
        for check in checks() {
            assert!(check.id.len() == 3 && check.id.starts_with('A'), "{}", check.id);
            assert!(!check.title.ends_with('.') && !check.title.is_empty(), "{}", check.id);
            assert!(check.why.ends_with('.') && check.spares.ends_with('.'), "{}", check.id);
        }
    }
}

//! Asking a listener what its process and files cannot show: `--probe`.
//!
//! The contract is the etiquette. Nothing is sent unless the caller says so. A port gets at most [`QUESTIONS`]
//! read-only requests within [`BUDGET`] in all, in the protocol of its owner and in no other. Who is not known by
//! name, listens for a debugger or serves one caller is not asked, and navyd never asks itself. Whatever is sent is
//! in the [`Plan`] beforehand, byte for byte. Where HTTP is spoken, a path that nobody has comes first, so that a page
//! which answers everything is told from one that exists; where TLS is likely, its greeting comes first, and nothing
//! else where it is answered.
//!
//! What was heard becomes a fact of the [`Subject`]; what it means is said by the checks. Deliberately absent: signing
//! in, following a redirect, a verb that may write, and asking twice.

mod cnf;
mod ground;
mod hba;
mod heard;
mod owner;
mod planner;
mod question;
mod send;

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

use super::{Facts, Subject, tls};
use crate::probe;

pub use ground::Ground;
pub use heard::Heard;
pub use planner::Plan;
pub use question::{Ask, Question, Word};
pub use send::BUDGET;

pub(super) use question::FOREIGN;

/// How many requests one listener gets at most.
pub const QUESTIONS: usize = 3;

/// What would be sent to each TCP listener, or why nothing is. The path of the control is drawn anew each time.
pub fn plan(facts: &Facts) -> Vec<Plan> {
    // The keys of a map are drawn at random by the standard library, which is all the chance that is needed here.
    let drawn = format!("{:016x}", RandomState::new().build_hasher().finish());
    let subjects = facts.subjects.iter().enumerate();
    subjects.filter_map(|(index, subject)| planner::plan(index, subject, facts, &drawn)).collect()
}

/// Sends what the plans say, several listeners at once, and adds what was heard to the facts. `progress` is told how
/// many listeners have been asked, of how many; from any thread.
pub fn ask(facts: &mut Facts, plans: &[Plan], progress: impl Fn(usize, usize) + Sync) {
    let plans: Vec<&Plan> = plans.iter().filter(|plan| !plan.questions.is_empty()).collect();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let heard = probe::in_parallel(&plans, |plan| {
        let heard = send::send(plan);
        progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, plans.len());
        heard
    });
    for (plan, heard) in plans.into_iter().zip(heard) {
        let Some(subject) = facts.subjects.get_mut(plan.subject) else { continue };
        subject.heard = heard.unwrap_or_default();
        subject.shown = subject.certificate().and_then(|der| tls::certificate(&der));
        facts.unknown.extend(heard::gap(plan, &subject.heard));
    }
}

/// Looks at the files that decide what is asked: passive.
pub(super) fn ground(subject: &Subject, me: Option<u32>) -> Ground {
    ground::of(subject, me)
}

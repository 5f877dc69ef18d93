//! A socket was bound and never listens. It takes the port, and `ss`, `lsof` and `/proc/net/tcp` do not show it.

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let bound = question.bound(facts).next()?;
    let place = bound.place();
    let refused = naming::refusals(question.binds(&facts.bind).filter(|attempt| !attempt.ok));
    let bind = if refused.is_empty() {
        "; a program that sets SO_REUSEADDR can bind it all the same".to_owned()
    } else {
        format!("; bind: {refused}")
    };
    let beside = question.listening(facts).next().is_some();
    Some(
        Found::decides(
            format!("{} has bound {place} and does not listen", naming::owner(bound)),
            format!("{} with bind() and without listen(){bind}", naming::listener(bound)),
        )
        .fix(format!("navyd free {}", question.port))
        .only_a_remark_if(beside),
    )
}

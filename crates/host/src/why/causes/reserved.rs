//! The settings reserve the port. On Linux that only keeps the kernel from drawing it for outgoing
//! connections, so a bind that names it works; on Windows an excluded range refuses every bind.

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let limits = facts.limits.as_ref()?;
    let port = question.port;
    let range = limits.reserved.iter().find(|range| range.contains(&port))?;
    let range = if range.start() == range.end() {
        format!("port {}", range.start())
    } else {
        format!("{} to {}", range.start(), range.end())
    };
    let refused: Vec<_> =
        question.binds(&facts.bind).filter(|attempt| !attempt.ok && !facts.lacks(attempt.address)).collect();
    let privileged = limits.unprivileged_from.is_some_and(|first| port < first);
    let explained = privileged
        || question.listening(facts).next().is_some()
        || question.bound(facts).next().is_some()
        || question.strays(facts).next().is_some();
    if refused.is_empty() || explained {
        let evidence =
            format!("the settings reserve {range}: the kernel never draws it for outgoing connections");
        return Some(Found::remark(evidence));
    }
    Some(
        Found::decides(
            format!("{} lies in a range that the system reserves", question.name()),
            format!("the settings reserve {range}; bind: {}", naming::refusals(refused.into_iter())),
        )
        .fix(format!("navyd port --near {port}")),
    )
}

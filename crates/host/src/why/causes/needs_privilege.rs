//! The port lies below the first that everyone may bind.

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let refused: Vec<_> =
        question.binds(&facts.bind).filter(|attempt| attempt.errno.as_deref() == Some("EACCES")).collect();
    let limits = facts.limits.as_ref()?;
    let first = limits.unprivileged_from?;
    let port = question.port;
    if refused.is_empty() || port >= first || limits.may_bind_low == Some(true) {
        return None;
    }
    let taken = question.listening(facts).next().is_some();
    Some(
        Found::decides(
            format!("{} needs a privilege to be bound: ports below {first} do", question.name()),
            format!(
                "bind: {}; ip_unprivileged_port_start is {first}, and this user lacks CAP_NET_BIND_SERVICE",
                naming::refusals(refused.into_iter())
            ),
        )
        .fix(format!("sudo sysctl net.ipv4.ip_unprivileged_port_start={port}"))
        .only_a_remark_if(taken),
    )
}

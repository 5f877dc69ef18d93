//! Only closed connections remain, and the minute in which their ends rest is not over.
//!
//! RFC 9293 §3.6.1: "TIME-WAIT state for 2xMSL". The kernel refuses the port to a program that does not set
//! SO_REUSEADDR, and to every program when the connections were made without it.

use std::time::Duration;

use crate::why::{
    causes::Found,
    facts::{Facts, Neighbour},
    naming,
    question::{Place, Question},
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let meets = |neighbour: &&Neighbour| {
        let place = Place::of_address(neighbour.socket.local.ip());
        let refused = |attempt: &&navyd_model::BindAttempt| attempt.errno.as_deref() == Some("EADDRINUSE");
        let attempts = question.binds(&facts.plain).chain(question.binds(&facts.bind));
        attempts.filter(refused).any(|attempt| Place::of_attempt(attempt).overlaps(place))
    };
    let resting: Vec<&Neighbour> =
        question.strays(facts).filter(|neighbour| neighbour.is_closed()).filter(meets).collect();
    let last = resting.iter().max_by_key(|neighbour| neighbour.socket.expires_ms)?;
    let left = last.socket.expires_ms.map(|ms| Duration::from_millis(ms.into()).as_secs_f64().ceil());
    let until = left.map_or_else(|| "within a minute".into(), |seconds| format!("in {seconds} s"));
    let refused = naming::refusals(question.binds(&facts.bind).filter(|attempt| !attempt.ok));
    let reuse = if refused.is_empty() {
        "a program that sets SO_REUSEADDR can bind it now, one that does not can".to_owned()
    } else {
        format!(
            "even SO_REUSEADDR does not help ({refused}), because they were made without it; it can be bound"
        )
    };
    let beside = question.strays(facts).any(|neighbour| !neighbour.is_closed())
        || question.listening(facts).next().is_some();
    let count = resting.len();
    let noun = if count == 1 { "closed connection" } else { "closed connections" };
    Some(
        Found::decides(
            format!("{} is held by {count} {noun} in TIME_WAIT; {reuse} {until}", question.name()),
            format!(
                "{count} {noun}, the last {} → {} ends {until}; {reuse} {until}",
                last.socket.local, last.socket.remote
            ),
        )
        .fix(format!("navyd free {}", question.port))
        .only_a_remark_if(beside),
    )
}

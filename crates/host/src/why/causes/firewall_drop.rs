//! A rule swallows connections. A closed port on this machine refuses within microseconds, and an open one
//! answers, so silence is neither; a full accept queue is told apart by its length.

use navyd_model::ConnectResult;

use crate::why::{
    causes::Found,
    facts::Facts,
    naming,
    question::{Question, answers},
    rules::Action,
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    // While the loopback device is down, silence is its own.
    if facts.loopback_down() {
        return None;
    }
    let full = |address| {
        question.listening(facts).any(|listener| {
            let is_full = listener.queue.is_some_and(|queue| queue.max.is_some_and(|max| queue.len > max));
            is_full && answers(facts, listener, address)
        })
    };
    let refuses = |address| facts.rules.refuse_in_silence(address);
    let silent = question.connects(facts).find(|attempt| {
        let address = attempt.address.ip();
        attempt.result == ConnectResult::TimedOut && !full(address) && !refuses(address)
    })?;
    let address = silent.address;
    let there = question.listening(facts).find(|listener| answers(facts, listener, address.ip()));
    let who = match there {
        Some(listener) => format!("{} listens there", naming::owner(listener)),
        None => "nothing listens there, and a closed port would refuse at once".into(),
    };
    let rule = facts.rules.evidence(Action::Drop);
    Some(
        Found::decides(
            format!("a packet filter swallows connections to {address}"),
            format!("nothing came back from {address} in {:.0} ms; {who}{rule}", silent.took_ms),
        )
        .fix("sudo nft -a list ruleset"),
    )
}

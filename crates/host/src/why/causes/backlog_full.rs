//! The accept queue is full. The kernel drops new handshakes while more connections wait than `listen()`
//! allowed, so the program is there and seems not to be.

use navyd_model::{ConnectResult, Queue};

use crate::why::{
    causes::Found,
    facts::Facts,
    naming,
    question::{Question, answers},
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let full = |queue: Queue| queue.max.is_some_and(|max| queue.len > max).then_some((queue.len, queue.max?));
    let connected = |listener| {
        question.connects(facts).any(|attempt| {
            attempt.result == ConnectResult::Connected && answers(facts, listener, attempt.address.ip())
        })
    };
    let (listener, (len, max)) = question
        .listening(facts)
        .filter(|listener| !connected(listener))
        .find_map(|listener| Some((listener, full(listener.queue?)?)))?;
    let place = listener.place();
    Some(
        Found::decides(
            format!("{} does not accept: the queue of {place} is full", naming::owner(listener)),
            format!("{len} connections wait on {place}, and its backlog is {max}: new ones are dropped"),
        )
        .fix(format!("navyd free {}", question.port)),
    )
}

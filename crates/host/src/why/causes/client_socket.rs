//! A connection has the port as its own end: most often one that goes out, and drew the port at random.
//!
//! A connection that was accepted looks the same once its listener is gone. Which it was is told by the port
//! ranges alone, so the words stay careful.

use navyd_model::Protocol;

use crate::why::{
    causes::Found,
    facts::{Facts, Neighbour},
    naming,
    question::{Place, Question},
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let open = |neighbour: &&Neighbour| !neighbour.is_closed();
    let attempts = || question.binds(&facts.bind).chain(question.binds(&facts.plain));
    let blocks = |neighbour: &&Neighbour| {
        let place = Place::of_address(neighbour.socket.local.ip());
        attempts().any(|attempt| !attempt.ok && Place::of_attempt(attempt).overlaps(place))
    };
    let neighbour = question.strays(facts).filter(open).find(blocks)?;
    let socket = &neighbour.socket;
    let (local, remote) = (socket.local, socket.remote);
    let drawn = |port: u16| {
        let range = facts.limits.as_ref().and_then(|limits| limits.ephemeral.as_ref());
        range.is_some_and(|range| range.contains(&port))
    };
    let kind = if drawn(remote.port()) && !drawn(local.port()) && question.proto == Protocol::Tcp {
        "a connection that a listener, now gone, has probably accepted"
    } else {
        "an outgoing connection"
    };
    let who = naming::neighbour(neighbour);
    let served = question.binds(&facts.bind).all(|attempt| attempt.ok);
    let reuse = if served { "; a program that sets SO_REUSEADDR can bind it now" } else { "" };
    let found = Found::decides(
        format!("{} is taken by {kind} of {who}", question.name()),
        format!("{local} → {remote} of {who}: {kind}{reuse}"),
    )
    .only_a_remark_if(question.listening(facts).next().is_some());
    Some(match neighbour.holders.first() {
        Some(holder) => found.fix(format!("kill {}", holder.pid)),
        None => found.fix(format!("navyd port --near {}", question.port)),
    })
}

//! Nothing stands in the way. Said only when every form of the address that exists on this machine was bound,
//! with and without SO_REUSEADDR, and nothing answers there.

use navyd_model::{BindAttempt, ConnectResult, Listener, Protocol};

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let attempts: Vec<&BindAttempt> = question.binds(&facts.bind).collect();
    let lacking = |attempt: &BindAttempt| facts.lacks(attempt.address);
    let fine = |attempt: &&BindAttempt| attempt.ok || lacking(attempt);
    let plain_fine = question.binds(&facts.plain).all(|attempt| fine(&attempt));
    let answered = question.connects(facts).any(|attempt| attempt.result == ConnectResult::Connected);
    let bound: Vec<String> =
        attempts.iter().filter(|attempt| attempt.ok).map(|attempt| naming::form(attempt)).collect();
    if bound.is_empty()
        || !attempts.iter().all(fine)
        || !plain_fine
        || answered
        || question.listening(facts).next().is_some()
    {
        return None;
    }
    let missing: Vec<String> = attempts
        .iter()
        .filter(|attempt| lacking(attempt))
        .map(|attempt| attempt.address.to_string())
        .collect();
    let without = match missing.as_slice() {
        [] => String::new(),
        _ => format!("; this machine lacks {}", naming::list(&missing)),
    };
    let evidence = format!("bind succeeds on {}{without}{}", naming::list(&bound), others(facts, question));
    // It can be bound, and whoever does will not be reached.
    let led = question.connects(facts).any(|attempt| facts.led_from(attempt.address).is_some());
    Some(Found::decides(format!("{} is free", question.name()), evidence).only_a_remark_if(led))
}

/// Who has the port on other addresses, or with the other protocol.
fn others(facts: &Facts, question: &Question) -> String {
    let here = |listener: &&Listener| listener.netns.is_none();
    let other_address = facts.listeners.iter().filter(here).find(|other| other.proto == question.proto);
    let other_protocol = facts.listeners.iter().filter(here).find(|other| other.proto != question.proto);
    let mut said = String::new();
    if let Some(other) = other_address {
        said.push_str(&format!("; {} is another address", naming::listener(other)));
    }
    if let Some(other) = other_protocol {
        let proto = if question.proto == Protocol::Udp { Protocol::Tcp } else { Protocol::Udp };
        said.push_str(&format!("; {} is {}", naming::listener(other), proto.as_str().to_uppercase()));
    }
    said
}

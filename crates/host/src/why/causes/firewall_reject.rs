//! A rule refuses connections: a listener is there and the answer is a refusal; or the refusal is of a kind
//! that a closed port never gives.

use navyd_model::ConnectResult::{Forbidden, Refused, TimedOut, Unreachable};

use crate::why::{
    causes::Found,
    facts::Facts,
    naming,
    question::{Question, answers},
    rules::Action,
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    // Then everything is unreachable, and no rule is needed for it.
    if facts.loopback_down() {
        return None;
    }
    let listener = |address| question.listening(facts).find(|listener| answers(facts, listener, address));
    let refused =
        question.connects(facts).filter(|attempt| !facts.lacks(attempt.address.ip())).find(|attempt| {
            match attempt.result {
                Refused => {
                    listener(attempt.address.ip()).is_some() && facts.led_from(attempt.address).is_none()
                }
                Forbidden | Unreachable => true,
                TimedOut => facts.rules.refuse_in_silence(attempt.address.ip()),
                _ => false,
            }
        })?;
    let address = refused.address;
    let what = match refused.result {
        Forbidden => "the kernel forbade the connection",
        Unreachable => "the answer was `unreachable`",
        TimedOut => "the refusal was lost on its way",
        _ => "the connection was refused",
    };
    let who = match listener(address.ip()) {
        Some(listener) => format!("although {} listens there", naming::owner(listener)),
        None => "which a closed port of this machine never does".into(),
    };
    let rule = facts.rules.evidence(Action::Reject);
    Some(
        Found::decides(
            format!("a packet filter refuses connections to {address}"),
            format!("{address}: {what}, {who}{rule}"),
        )
        .fix("sudo nft -a list ruleset"),
    )
}

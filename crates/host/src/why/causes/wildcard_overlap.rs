//! A socket on every address of a family covers the one asked for; or the one held keeps the wildcard from
//! being bound. Linux admits neither beside the other; where a system admits both, the bind shows it, and this is
//! only worth knowing.

use std::net::IpAddr;

use navyd_model::Listener;

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let port = question.port;
    let wanted = question.addresses.as_deref().unwrap_or_default();
    let Some((listener, asked)) =
        wanted.iter().find_map(|asked| Some((overlapping(facts, question, *asked)?, *asked)))
    else {
        return of_bare_port(facts, question);
    };
    let (place, held) = (naming::place(asked, port), listener.place());
    let exact =
        question.listening(facts).any(|other| other.address.is_some_and(|address| wanted.contains(&address)));
    let summary = format!("{place} is taken by {} on {held}", naming::owner(listener));
    let covers = if asked.is_unspecified() {
        format!("{held} is held, so {place}, which covers it, cannot be bound")
    } else {
        format!("{held} covers {place}")
    };
    Some(
        Found::decides(summary, format!("{}; {covers}", naming::listener(listener)))
            .fix(format!("navyd free {port}"))
            .only_a_remark_if(exact || question.is_local_name() || question.is_admitted(facts, asked)),
    )
}

/// Who asks for no address is told what the wildcard covers.
fn of_bare_port(facts: &Facts, question: &Question) -> Option<Found> {
    if question.addresses.is_some() {
        return None;
    }
    let any = question
        .listening(facts)
        .find(|listener| listener.address.is_some_and(|held| held.is_unspecified()))?;
    let address = any.address?;
    let (family, example) = if address.is_ipv4() { ("IPv4", "127.0.0.1") } else { ("IPv6", "::1") };
    Some(Found::remark(format!("{} covers every {family} address, {example} among them", any.place())))
}

/// A listener of the same family that is not on this address and meets it all the same.
fn overlapping<'a>(facts: &'a Facts, question: &'a Question, asked: IpAddr) -> Option<&'a Listener> {
    question.listening(facts).find(|listener| {
        listener.address.is_some_and(|held| {
            held != asked
                && held.is_ipv4() == asked.is_ipv4()
                && (held.is_unspecified() || asked.is_unspecified())
        })
    })
}

//! A listener holds the port: the ordinary case, and the answer to "what is this".

use navyd_model::{ConnectResult, Listener, OwnerUnknown};

use crate::why::{
    causes::Found,
    facts::Facts,
    naming,
    question::{Question, answers},
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let all: Vec<&Listener> = question.listening(facts).collect();
    let first = all.first()?;
    let places: Vec<String> = all.iter().map(|listener| naming::listener(listener)).collect();
    let refused = naming::refusals(question.binds(&facts.bind).filter(|attempt| !attempt.ok));
    let bind = if refused.is_empty() { String::new() } else { format!("; bind: {refused}") };
    let evidence = format!(
        "{}{bind}{}{}",
        naming::list(&places),
        reach(facts, question, &all),
        fallback(facts, question)
    );
    let more = if all.len() > 1 { format!(" and {} more", all.len() - 1) } else { String::new() };
    Some(
        Found::decides(format!("{} listens on {}{more}", naming::owner(first), first.place()), evidence)
            .fix(stop(first, question.port))
            .only_a_remark_if(led_past(facts, question, &all)),
    )
}

/// Whether a rule leads past it, to where nothing answers: then who listens is not why.
fn led_past(facts: &Facts, question: &Question, all: &[&Listener]) -> bool {
    let hears = |address| all.iter().any(|listener| answers(facts, listener, address));
    let mut meant = question.connects(facts).filter(|attempt| hears(attempt.address.ip())).peekable();
    meant.peek().is_some() && meant.all(|attempt| facts.led_from(attempt.address).is_some())
}

/// What connecting showed.
fn reach(facts: &Facts, question: &Question, all: &[&Listener]) -> String {
    if let Some(reason) = &facts.untouched {
        return format!("; not connected to: {reason}");
    }
    let hit = |address| all.iter().any(|listener| answers(facts, listener, address));
    let answered: Vec<String> = question
        .connects(facts)
        .filter(|attempt| attempt.result == ConnectResult::Connected && hit(attempt.address.ip()))
        .map(|attempt| attempt.address.ip().to_string())
        .collect();
    if answered.is_empty() { String::new() } else { format!("; answers on {}", naming::list(&answered)) }
}

/// A name whose first address refuses costs those programs that try only one.
fn fallback(facts: &Facts, question: &Question) -> String {
    let Some(resolution) = &facts.resolution else { return String::new() };
    let result = |address| {
        question.connects(facts).find(|attempt| attempt.address.ip() == address).map(|attempt| attempt.result)
    };
    let mut tried = resolution.addresses.iter().map(|address| (address, result(*address)));
    match (tried.next(), tried.find(|(_, result)| *result == Some(ConnectResult::Connected))) {
        (Some((first, Some(ConnectResult::Refused))), Some((second, _))) => {
            format!("; `{}` is {first} first, which refuses, and then {second}", resolution.name)
        }
        _ => String::new(),
    }
}

/// The supervisor's own command where there is one: otherwise it would come back. Who may not name the holder
/// may not stop it either, and learns more as root.
fn stop(listener: &Listener, port: u16) -> String {
    if listener.owner_unknown == Some(OwnerUnknown::OtherUser) {
        return format!("sudo navyd why {port}");
    }
    let supervised =
        listener.holders.iter().find_map(|holder| holder.supervisor.as_ref()?.stop_command.clone());
    supervised.unwrap_or_else(|| format!("navyd free {port}"))
}

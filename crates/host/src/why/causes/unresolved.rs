//! The name has no address: there is nothing to bind and nothing to reach. Of `localhost` some programs know that by
//! themselves, so there it is worth knowing besides.

use crate::why::{causes::Found, facts::Facts, question::Question, resolve::BY_THEMSELVES};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    if let Some(found) = localhost(facts) {
        return Some(found);
    }
    if question.addresses.as_ref().is_none_or(|addresses| !addresses.is_empty()) {
        return None;
    }
    let host = question.host.as_ref()?;
    let asked = facts.resolution.as_ref().map_or("nobody could be asked", |found| found.source.as_str());
    let note = facts.resolution.as_ref().and_then(|found| found.note.clone());
    let evidence = format!("asked: {asked}{}", note.map_or_else(String::new, |note| format!("; {note}")));
    Some(
        Found::decides(format!("`{host}` has no address"), evidence)
            .fix(format!("echo '127.0.0.1 {host}' | sudo tee -a /etc/hosts")),
    )
}

/// The bare name alone: hardly any system knows the names below it, and those who asked for one are told so anyway.
fn localhost(facts: &Facts) -> Option<Found> {
    let found = facts.resolution.as_ref().filter(|found| found.name == "localhost")?;
    if found.source != BY_THEMSELVES {
        return None;
    }
    let evidence =
        "the system's resolver has no address for `localhost`; programs that ask it do not find this machine";
    Some(Found::remark(evidence).fix("navyd doctor"))
}

//! The name has no address: there is nothing to bind and nothing to reach.

use crate::why::{causes::Found, facts::Facts, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
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

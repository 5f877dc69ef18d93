//! Connections are answered and no socket here has the port: a rule leads them elsewhere. Or they are refused, and a rule
//! certainly led them to where nothing answers.

use navyd_model::ConnectResult;

use crate::why::{
    causes::Found,
    facts::Facts,
    naming,
    question::{Question, answers},
    rules::Action,
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    answered(facts, question).or_else(|| refused(facts, question))
}

fn refused(facts: &Facts, question: &Question) -> Option<Found> {
    let mut refused = question.connects(facts).filter(|attempt| attempt.result == ConnectResult::Refused);
    let (place, hit) =
        refused.find_map(|attempt| Some((attempt.address, facts.led_from(attempt.address)?)))?;
    let to = hit.to.map_or_else(|| "elsewhere".to_owned(), |to| format!("to {to}"));
    let found = Found::decides(
        format!("a rule leads {place} {to}, where nothing answers"),
        format!("{place} refuses, whatever listens on it; rule `{}`", hit.text),
    );
    Some(found.fix(hit.mend.as_deref().unwrap_or("sudo nft -a list ruleset")))
}

fn answered(facts: &Facts, question: &Question) -> Option<Found> {
    let answered = question.connects(facts).find(|attempt| {
        attempt.result == ConnectResult::Connected
            && !question.listening(facts).any(|listener| answers(facts, listener, attempt.address.ip()))
    })?;
    let address = answered.address;
    let arrived = facts.redirected.iter().find(|redirected| redirected.asked == address);
    let to = arrived.map(|redirected| {
        let who = naming::holders(&redirected.holders).map_or_else(String::new, |who| format!(" ({who})"));
        let netns = redirected.netns.as_ref().map_or_else(String::new, |netns| {
            let name = netns.container.as_deref().or(netns.name.as_deref());
            format!(
                " in {}",
                name.map_or_else(|| "another network namespace".into(), |name| format!("`{name}`"))
            )
        });
        format!("{}{who}{netns}", redirected.arrived)
    });
    let summary = match &to {
        Some(to) => format!("a rule redirects {address} to {to}"),
        None => format!("{address} answers, and no socket of this machine has the port"),
    };
    let seen = to.map_or_else(
        || "who answered cannot be seen from here".into(),
        |to| format!("the kernel shows it at {to}"),
    );
    let rule = facts.rules.evidence(Action::Nat);
    // The engine's own chain names the container: that says more.
    let container = facts.rules.found(Action::Nat).any(|rule| rule.is_of_container());
    Some(
        Found::decides(
            summary,
            format!("connected to {address}, and no socket here listens there; {seen}{rule}"),
        )
        .fix("sudo nft -a list ruleset")
        .only_a_remark_if(container),
    )
}

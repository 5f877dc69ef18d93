//! The port is held in another network namespace: a container's, or one made with `ip netns`. It is free here,
//! and what listens there is not reached by this machine's loopback.

use navyd_model::{Listener, Namespace};

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    if question.listening(facts).next().is_some() {
        return None;
    }
    let (listener, namespace) =
        question.elsewhere(facts).find_map(|found| Some((found, found.netns.as_ref()?)))?;
    let inside = name(namespace);
    let who = naming::owner(listener);
    let (port, place) = (question.port, listener.place());
    let found = Found::decides(
        format!("{} is held in {inside} by {who}, and not here", question.name()),
        format!("{who} on {place} in {inside}; nothing listens in this namespace"),
    );
    Some(match fix(listener, namespace, port) {
        Some(line) => found.fix(line),
        None => found,
    })
}

fn name(namespace: &Namespace) -> String {
    match (&namespace.container, &namespace.name, namespace.inode) {
        (Some(container), ..) => format!("container `{container}`"),
        (_, Some(name), _) => format!("network namespace `{name}`"),
        (.., Some(inode)) => format!("network namespace {inode}"),
        _ => "another network namespace".into(),
    }
}

/// How to get inside and look from there.
fn fix(listener: &Listener, namespace: &Namespace, port: u16) -> Option<String> {
    if let Some(name) = &namespace.name {
        return Some(format!("sudo ip netns exec {name} navyd why {port}"));
    }
    let pid = namespace.pid.or_else(|| Some(listener.holders.first()?.pid))?;
    Some(format!("sudo nsenter -t {pid} -n navyd why {port}"))
}

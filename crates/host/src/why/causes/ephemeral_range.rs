//! No port is left for our own end of a connection; or the port lies where the kernel draws the ports of outgoing connections: free now, and any client may have
//! it a moment later. A listener that has it already is in no such danger.

use crate::{
    kernel::Limits,
    why::{causes::Found, facts::Facts, question::Question},
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let limits = facts.limits.as_ref()?;
    used_up(limits, facts, question).or_else(|| inside(limits, facts, question))
}

/// Nothing is wrong with who listens: it is the caller who has no port.
fn used_up(limits: &Limits, facts: &Facts, question: &Question) -> Option<Found> {
    let place = facts.portless.iter().find(|place| question.wants(place.ip()))?;
    let range = match &limits.ephemeral {
        Some(range) => format!(", which are drawn from {} to {}", range.start(), range.end()),
        None => String::new(),
    };
    Some(
        Found::decides(
            format!("no port is left to connect to {place} from"),
            format!("connect: EADDRNOTAVAIL to {place}: every port of outgoing connections{range} is in use"),
        )
        .fix("navyd doctor"),
    )
}

fn inside(limits: &Limits, facts: &Facts, question: &Question) -> Option<Found> {
    let range = limits.ephemeral.as_ref().filter(|range| range.contains(&question.port))?;
    let port = question.port;
    let reserved = limits.reserved.iter().any(|range| range.contains(&port));
    if reserved || question.listening(facts).next().is_some() {
        return None;
    }
    Some(
        Found::remark(format!(
            "outgoing connections draw their ports from {} to {}, so any of them may take {port}",
            range.start(),
            range.end()
        ))
        .fix(format!("sudo sysctl net.ipv4.ip_local_reserved_ports={}", reserved_with(limits, port))),
    )
}

/// The setting is replaced as a whole, so what it has must stay in it.
fn reserved_with(limits: &Limits, port: u16) -> String {
    let kept = limits.reserved.iter().map(|range| match (range.start(), range.end()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    });
    kept.chain([port.to_string()]).collect::<Vec<_>>().join(",")
}

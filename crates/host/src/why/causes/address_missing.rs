//! This machine has no such address, so nothing here can listen on it. While the loopback device is down, its
//! addresses are missing too, for that reason.

use std::net::IpAddr;

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let wanted = question.addresses.as_ref().filter(|wanted| !wanted.is_empty())?;
    let down = facts.loopback_down() && wanted.iter().all(IpAddr::is_loopback);
    if down
        || !wanted.iter().all(|address| facts.lacks(*address))
        || question.listening(facts).next().is_some()
    {
        return None;
    }
    let fix = if wanted.iter().all(IpAddr::is_loopback) {
        "navyd doctor".to_owned()
    } else {
        format!("navyd why {}", question.port)
    };
    let errno = naming::refusals(question.binds(&facts.bind).filter(|attempt| !attempt.ok));
    let own: Vec<String> = facts
        .interfaces
        .iter()
        .flatten()
        .filter(|device| device.up)
        .flat_map(|device| &device.addresses)
        .filter(|address| !is_link_local(**address))
        .map(ToString::to_string)
        .collect();
    let has = if own.is_empty() { String::new() } else { format!("; this machine has {}", own.join(", ")) };
    let named = wanted.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(
        Found::decides(
            format!("{named} is no address of this machine"),
            format!("{}bind: {errno}{has}", said_by(facts, question)),
        )
        .fix(fix),
    )
}

/// Who leads a name there that is this machine's by itself.
fn said_by(facts: &Facts, question: &Question) -> String {
    match &facts.resolution {
        Some(found) if question.is_local_name() => {
            format!("the {} leads `{}` there; ", found.source, found.name)
        }
        _ => String::new(),
    }
}

/// RFC 4291 §2.5.6 and RFC 3927: addresses that mean something on one link only.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

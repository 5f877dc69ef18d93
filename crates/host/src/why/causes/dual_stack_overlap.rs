//! A socket on `::` takes IPv4 as well, unless it was told not to (`IPV6_V6ONLY`): who asks for an IPv4
//! address finds it taken by something that shows as IPv6; and `::` itself cannot be had while an IPv4
//! address is held.

use std::net::{IpAddr, Ipv6Addr};

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

const ANY6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let port = question.port;
    let dual = question
        .listening(facts)
        .find(|listener| listener.address == Some(ANY6) && listener.v6only != Some(true));
    let wanted = question.addresses.as_deref().unwrap_or_default();
    if let Some(listener) = dual {
        let who = naming::owner(listener);
        let evidence =
            format!("{who} on [::]:{port} has IPV6_V6ONLY off, so it takes every IPv4 address too");
        let Some(asked) = wanted.iter().find(|address| address.is_ipv4()) else {
            return Some(Found::remark(evidence)).filter(|_| wanted.is_empty());
        };
        let exact = question.listening(facts).any(|other| other.address == Some(*asked));
        let summary =
            format!("{} is taken by {who} on [::], which takes IPv4 as well", naming::place(*asked, port));
        // A name that has ::1 besides is simply answered.
        let answered = exact || wanted.iter().any(IpAddr::is_ipv6) || question.is_admitted(facts, *asked);
        return Some(
            Found::decides(summary, evidence).fix(format!("navyd free {port}")).only_a_remark_if(answered),
        );
    }
    if wanted != [ANY6] {
        return None;
    }
    let four = question.listening(facts).find(|listener| listener.family == navyd_model::Family::Ipv4)?;
    let who = naming::listener(four);
    Some(
        Found::decides(
            format!("[::]:{port} would take IPv4 as well, and IPv4 is held by {who}"),
            format!("{who}; with IPV6_V6ONLY on, [::]:{port} does not meet it"),
        )
        .fix(format!("navyd free {port}")),
    )
}

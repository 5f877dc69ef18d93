//! 127.0.0.1 and ::1 belong to different programs, so what `localhost` reaches depends on who resolves it.

use std::{collections::BTreeSet, net::IpAddr};

use navyd_model::Listener;

use crate::why::{
    causes::Found,
    facts::Facts,
    naming,
    question::{LOCALHOST, Question, answers},
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let all = || facts.listeners.iter().filter(|listener| listener.proto == question.proto);
    // The kernel gives a connection to the socket with the most exact address.
    let best = |address: IpAddr| {
        all()
            .filter(|listener| answers(facts, listener, address))
            .max_by_key(|listener| exactness(listener, address))
    };
    let [four, six] = LOCALHOST.map(best);
    let (four, six) = (four?, six?);
    if !differ(four, six) || !LOCALHOST.iter().any(|address| question.wants(*address)) {
        return None;
    }
    let order = facts.localhost.iter().find(|address| LOCALHOST.contains(address));
    let first = order.map(|address| if address.is_ipv4() { four } else { six });
    let reached = match (order, first) {
        (Some(address), Some(listener)) => {
            format!("`localhost` is {address} first, which reaches {}", naming::owner(listener))
        }
        _ => "which one `localhost` reaches is up to each program".into(),
    };
    let other = if first.is_some_and(|first| std::ptr::eq(first, six)) { four } else { six };
    let found = Found::decides(
        format!("127.0.0.1 and ::1 are held by different programs; {reached}"),
        format!("{}; {}; {reached}", naming::listener(four), naming::listener(six)),
    )
    .fix(format!("navyd free {}", other.place()));
    Some(found.only_a_remark_if(!question.is_local_name()))
}

/// How exactly a listener is bound to the address that it answers for.
fn exactness(listener: &Listener, asked: IpAddr) -> u8 {
    match listener.address {
        Some(bound) if bound.to_canonical() == asked => 2,
        Some(bound) if bound.is_ipv4() == asked.is_ipv4() => 1,
        _ => 0,
    }
}

/// Whether two sockets certainly belong to different programs. Where holders are hidden, only different users
/// prove it.
fn differ(one: &Listener, two: &Listener) -> bool {
    let pids =
        |listener: &Listener| listener.holders.iter().map(|holder| holder.pid).collect::<BTreeSet<_>>();
    let (first, second) = (pids(one), pids(two));
    if first.is_empty() || second.is_empty() {
        return one.uid != two.uid && one.uid.is_some() && two.uid.is_some();
    }
    first.is_disjoint(&second)
}

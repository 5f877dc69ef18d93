//! Several sockets share one address on purpose: the kernel spreads what comes over them. Not a conflict.

use std::collections::BTreeSet;

use navyd_model::{Listener, Protocol};

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let all: Vec<&Listener> = question.listening(facts).collect();
    let same = |one: &Listener, two: &Listener| {
        one.address == two.address && one.v6only == two.v6only && one.device == two.device
    };
    let group: Vec<&&Listener> = all
        .iter()
        .map(|one| all.iter().filter(|two| same(one, two)).collect::<Vec<_>>())
        .find(|group| group.len() > 1)?;
    let first = group.first()?;
    let pids: BTreeSet<u32> =
        group.iter().flat_map(|listener| &listener.holders).map(|holder| holder.pid).collect();
    let option =
        if question.proto == Protocol::Udp { "SO_REUSEPORT or SO_REUSEADDR" } else { "SO_REUSEPORT" };
    let processes = match pids.len() {
        0 => "processes that may not be named".into(),
        1 => naming::owner(first),
        count => format!("{count} processes"),
    };
    Some(
        Found::decides(
            format!("{} sockets share {} on purpose ({option}): {processes}", group.len(), first.place()),
            format!(
                "{} sockets of {processes} on {}, which only {option} allows",
                group.len(),
                first.place()
            ),
        )
        .fix(format!("navyd free {}", question.port)),
    )
}

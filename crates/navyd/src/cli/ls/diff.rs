//! What changed between two looks. Pure.
//!
//! A socket is known by its cookie, which the kernel never gives twice; where there is none, by its inode, which
//! may come back; where there is neither, by its place alone. Never by the pid: a server that is started again
//! may get the old one, and a socket may pass from one process to another.

use std::{collections::HashMap, net::IpAddr};

use jiff::Timestamp;
use navyd_model::{Change, Event, Listener, Namespace, Protocol};

/// What a listener takes from all others: two sockets here at different times replace one another.
type Place<'a> =
    (Protocol, Option<IpAddr>, Option<u16>, Option<&'a str>, Option<&'a str>, Option<&'a Namespace>);

/// The changes: what is gone, in the order it stood, then what is new or has replaced something.
pub(super) fn diff(before: &[Listener], after: &[Listener], now: Timestamp) -> Vec<Event> {
    let mut left: HashMap<Place<'_>, Vec<&Listener>> = HashMap::new();
    for listener in before {
        left.entry(place(listener)).or_default().push(listener);
    }
    // Sockets that stayed are taken out first, so that a new one beside them replaces none of them.
    let mut new = Vec::new();
    for listener in after {
        let here = left.get_mut(&place(listener));
        match here.and_then(|here| Some((here.iter().position(|old| is_same(old, listener))?, here))) {
            Some((at, here)) => drop(here.remove(at)),
            None => new.push(listener),
        }
    }
    let arrived: Vec<Event> = new
        .into_iter()
        .map(|listener| {
            let old = left.get_mut(&place(listener)).and_then(Vec::pop);
            let change = if old.is_some() { Change::Replaced } else { Change::Added };
            event(now, change, listener, old)
        })
        .collect();
    let is_left = |listener: &&Listener| {
        left.get(&place(listener)).is_some_and(|here| here.iter().any(|old| std::ptr::eq(*old, *listener)))
    };
    let gone = before.iter().filter(is_left).map(|listener| event(now, Change::Gone, listener, None));
    gone.chain(arrived).collect()
}

/// What was there at the first look.
pub(super) fn present(first: &[Listener], now: Timestamp) -> Vec<Event> {
    first.iter().map(|listener| event(now, Change::Present, listener, None)).collect()
}

fn event(at: Timestamp, change: Change, listener: &Listener, before: Option<&Listener>) -> Event {
    Event { at, event: change, listener: listener.clone(), before: before.cloned() }
}

fn place(listener: &Listener) -> Place<'_> {
    let Listener { proto, address, port, path, device, netns, .. } = listener;
    (*proto, *address, *port, path.as_deref(), device.as_deref(), netns.as_ref())
}

/// Whether two listeners in one place are one socket: by the best mark that both of them carry.
fn is_same(before: &Listener, after: &Listener) -> bool {
    match (before.cookie.zip(after.cookie), before.inode.zip(after.inode)) {
        (Some((old, new)), _) | (None, Some((old, new))) => old == new,
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::*, *};

    /// A listener on 127.0.0.1 with cookie and inode, 0 for unknown.
    fn socket(port: u16, cookie: u64, inode: u64, pid: u32) -> Listener {
        let known = |number| (number > 0).then_some(number);
        Listener { cookie: known(cookie), inode: known(inode), ..held("127.0.0.1", port, pid, "node") }
    }

    #[test]
    fn changes() {
        let other_address = Listener { address: "::1".parse().ok(), ..socket(80, 1, 1, 1) };
        let elsewhere = Namespace { inode: Some(7), name: None, container: None, pid: None };
        let in_container = Listener { netns: Some(elsewhere), ..socket(80, 1, 1, 1) };
        type Row = (&'static str, Vec<Listener>, Vec<Listener>, &'static [&'static str]);
        let rows: [Row; 13] = [
            ("nothing", vec![], vec![], &[]),
            ("the same", vec![socket(80, 1, 1, 1)], vec![socket(80, 1, 1, 1)], &[]),
            ("passed on to another process", vec![socket(80, 1, 1, 1)], vec![socket(80, 1, 1, 2)], &[]),
            ("new", vec![], vec![socket(80, 1, 1, 1)], &["added 80"]),
            ("closed", vec![socket(80, 1, 1, 1)], vec![], &["gone 80"]),
            (
                "same pid, new socket",
                vec![socket(80, 1, 1, 1)],
                vec![socket(80, 2, 1, 1)],
                &["replaced 80 of 1"],
            ),
            ("no cookies", vec![socket(80, 0, 1, 1)], vec![socket(80, 0, 2, 1)], &["replaced 80 of 1"]),
            ("cookie lost", vec![socket(80, 1, 1, 1)], vec![socket(80, 0, 1, 1)], &[]),
            ("place alone", vec![socket(80, 0, 0, 1)], vec![socket(80, 0, 0, 2)], &[]),
            ("moved", vec![socket(80, 1, 1, 1)], vec![socket(81, 2, 2, 1)], &["gone 80", "added 81"]),
            ("other address", vec![socket(80, 1, 1, 1)], vec![other_address], &["gone 80", "added 80"]),
            ("other namespace", vec![socket(80, 1, 1, 1)], vec![in_container], &["gone 80", "added 80"]),
            (
                "a group that shares a port, one of which is replaced and one added",
                vec![socket(80, 1, 1, 1), socket(80, 2, 2, 2)],
                vec![socket(80, 3, 3, 3), socket(80, 2, 2, 2), socket(80, 4, 4, 4)],
                &["replaced 80 of 1", "added 80"],
            ),
        ];
        for (case, before, after, expected) in rows {
            let told: Vec<String> = diff(&before, &after, Timestamp::UNIX_EPOCH)
                .iter()
                .map(|event| {
                    let change = serde_json::to_value(event.event).unwrap();
                    let of = event.before.as_ref().map(|old| format!(" of {}", old.holders[0].pid));
                    let port = event.listener.port.unwrap();
                    format!("{} {port}{}", change.as_str().unwrap(), of.unwrap_or_default())
                })
                .collect();
            assert_eq!(told, expected, "{case}");
        }
    }
}

//! Listeners and connections as rows of a table, and their order.
//!
//! A server that shares the work by `SO_REUSEPORT` has one socket for each of its workers at one place. For a person
//! they are one row with a count; a program gets each.

use std::{cmp::Reverse, time::Duration};

use jiff::Timestamp;
use navyd_model::{
    Certainty, Connection, Event, Exposure, Holder, Listener, Namespace, OwnerUnknown, Speaks, State,
};

use crate::{
    client::Me,
    out::{Align, Column, Table, Text, Tone, measure},
};

const LISTENERS: &[Column] = &[
    Column { header: "PROTO", align: Align::Left, importance: 6, least: 5 },
    Column { header: "ADDRESS", align: Align::Left, importance: 9, least: 16 },
    Column { header: "EXPOSURE", align: Align::Left, importance: 5, least: 8 },
    Column { header: "HOLDER", align: Align::Left, importance: 8, least: 16 },
    Column { header: "PROJECT", align: Align::Left, importance: 4, least: 8 },
    Column { header: "UP", align: Align::Right, importance: 2, least: 3 },
    Column { header: "SPEAKS", align: Align::Left, importance: 1, least: 12 },
    Column { header: "NOTE", align: Align::Left, importance: 3, least: 12 },
];

const CONNECTIONS: &[Column] = &[
    Column { header: "PROTO", align: Align::Left, importance: 5, least: 5 },
    Column { header: "LOCAL", align: Align::Left, importance: 9, least: 14 },
    Column { header: "REMOTE", align: Align::Left, importance: 8, least: 14 },
    Column { header: "STATE", align: Align::Left, importance: 6, least: 8 },
    Column { header: "HOLDER", align: Align::Left, importance: 7, least: 10 },
    Column { header: "SENT", align: Align::Right, importance: 3, least: 10 },
    Column { header: "RECEIVED", align: Align::Right, importance: 4, least: 10 },
    Column { header: "RTT", align: Align::Right, importance: 2, least: 7 },
    Column { header: "RESENT", align: Align::Right, importance: 1, least: 6 },
];

/// Puts first what belongs to the current project, then what belongs to the current user, then by port.
pub(super) fn sort(listeners: &mut [Listener], me: &Me) {
    listeners.sort_by_cached_key(|listener| {
        (
            Reverse(is_of_project(&listener.holders, me)),
            Reverse(is_of_user(&listener.holders, listener.uid, me)),
            listener.netns.is_some(),
            listener.port,
            listener.proto,
            listener.address,
            listener.path.clone(),
            // The sockets of one server that shares a place with others stand together.
            listener.holders.first().map(|holder| holder.pid),
            listener.cookie,
        )
    });
}

/// The same order for connections.
pub(super) fn sort_connections(connections: &mut [Connection], me: &Me) {
    connections.sort_by_cached_key(|connection| {
        (
            Reverse(is_of_project(&connection.holders, me)),
            Reverse(is_of_user(&connection.holders, connection.uid, me)),
            connection.local.port(),
            connection.proto,
            connection.local,
            connection.remote,
        )
    });
}

/// Something that is shown once, and how often it is there.
#[derive(Debug, Clone)]
pub(super) struct Counted<T> {
    pub(super) one: T,
    pub(super) count: usize,
}

/// Each listener in a row of its own: for programs.
pub(super) fn each(listeners: &[Listener]) -> Vec<Counted<&Listener>> {
    listeners.iter().map(|one| Counted { one, count: 1 }).collect()
}

/// Sockets that differ in nothing but being several in one row: for people. Only neighbours are, so the listeners
/// are sorted.
pub(super) fn folded(listeners: &[Listener]) -> Vec<Counted<&Listener>> {
    fold(listeners.iter(), |one, other| is_twin(one, other))
}

/// The same for what happened to them at one time.
pub(super) fn folded_events(events: Vec<Event>) -> Vec<Counted<Event>> {
    fold(events.into_iter(), |one, other| {
        let before = match (&one.before, &other.before) {
            (Some(one), Some(other)) => is_twin(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        one.event == other.event && before && is_twin(&one.listener, &other.listener)
    })
}

fn fold<T>(all: impl Iterator<Item = T>, is_same: impl Fn(&T, &T) -> bool) -> Vec<Counted<T>> {
    let mut rows: Vec<Counted<T>> = Vec::new();
    for one in all {
        match rows.last_mut().filter(|row| is_same(&row.one, &one)) {
            Some(row) => row.count += 1,
            None => rows.push(Counted { one, count: 1 }),
        }
    }
    rows
}

/// Whether two sockets are the same to a person: all but what numbers a socket and what waits in it.
fn is_twin(one: &Listener, other: &Listener) -> bool {
    let place =
        |listener: &Listener| (listener.port, listener.proto, listener.address, listener.holders.len());
    // Few are at one place, and the rest is more work to compare.
    if place(one) != place(other) {
        return false;
    }
    let mut alike = Listener { cookie: one.cookie, inode: one.inode, queue: one.queue, ..other.clone() };
    for (holder, of_one) in alike.holders.iter_mut().zip(&one.holders) {
        holder.fds.clone_from(&of_one.fds);
    }
    *one == alike
}

/// The listeners as a table.
pub(super) fn listeners(rows: &[Counted<&Listener>], me: &Me, now: Timestamp) -> Table {
    let mut table = Table::new(LISTENERS);
    for Counted { one: listener, count } in rows {
        table.push(vec![
            listener.proto.as_str().into(),
            times(address(listener), *count),
            exposure(listener.exposure),
            holders(&listener.holders, listener.uid, listener.owner_unknown, listener.cgroup.as_deref(), me),
            project(listener),
            up(listener.holders.first().and_then(|holder| holder.started_at), now),
            speaks(listener),
            note(listener),
        ]);
    }
    table
}

/// The connections as a table.
pub(super) fn connections(connections: &[Connection], me: &Me) -> Table {
    let mut table = Table::new(CONNECTIONS);
    for connection in connections {
        let size = |size: Option<u64>| match size {
            Some(size) => Text::plain(measure::bytes(size)).piped(size.to_string()),
            None => Text::default(),
        };
        table.push(vec![
            connection.proto.as_str().into(),
            connection.local.to_string().into(),
            connection.remote.to_string().into(),
            state(connection.state).into(),
            holders(&connection.holders, connection.uid, connection.owner_unknown, None, me),
            size(connection.bytes_sent),
            size(connection.bytes_received),
            match connection.round_trip_ms {
                Some(ms) => Text::plain(measure::milliseconds(ms)).piped(ms.to_string()),
                None => Text::default(),
            },
            match connection.retransmits {
                // Colour is for what is wrong: a network that loses nothing sends nothing again.
                Some(0) => Text::of(Tone::Dim, "0"),
                Some(count) => Text::of(Tone::Yellow, count.to_string()),
                None => Text::default(),
            },
        ]);
    }
    table
}

/// One event in one line: `2026-11-21T05:00:00Z added tcp 127.0.0.1:3000 node 812`, and ` ×2` of twins.
pub(super) fn event(event: &Event, count: usize, me: &Me) -> Text {
    use navyd_model::Change::{Added, Gone, Present, Replaced};

    let listener = &event.listener;
    let (tone, word) = match event.event {
        Present => (Tone::Dim, "present"),
        Added => (Tone::Green, "added"),
        Gone => (Tone::Yellow, "gone"),
        Replaced => (Tone::Yellow, "replaced"),
    };
    let who = |listener: &Listener| {
        holders(&listener.holders, listener.uid, listener.owner_unknown, listener.cgroup.as_deref(), me)
            .flat()
    };
    let mut line = Text::of(Tone::Dim, time(event.at))
        .then(tone, format!(" {word}"))
        .then(Tone::Plain, format!(" {} {} {}", listener.proto.as_str(), listener.place(), who(listener)));
    if let Some(before) = &event.before {
        line = line.then(Tone::Dim, format!(" (was {})", who(before)));
    }
    times(line, count)
}

/// `×2` behind what is there twice.
fn times(text: Text, count: usize) -> Text {
    if count > 1 { text.then(Tone::Dim, format!(" ×{count}")) } else { text }
}

/// RFC 3339, to the second: what a person or a script compares.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn address(listener: &Listener) -> Text {
    let text = Text::plain(listener.place());
    let text = match &listener.device {
        Some(device) => text.then(Tone::Dim, format!("%{device}")),
        None => text,
    };
    // Linux lets `::` take IPv4 too unless told otherwise: only the exception is worth the room.
    match listener.v6only {
        Some(true) if listener.exposure == Exposure::All => text.then(Tone::Dim, " v6only"),
        _ => text,
    }
}

fn exposure(exposure: Exposure) -> Text {
    let tone = match exposure {
        Exposure::Loopback => Tone::Dim,
        Exposure::Container => Tone::Plain,
        Exposure::All | Exposure::Lan => Tone::Yellow,
    };
    Text::of(tone, exposure.as_str())
}

/// `node 812 +2`, or what is known of whoever it is.
fn holders(
    holders: &[Holder],
    uid: Option<u32>,
    unknown: Option<OwnerUnknown>,
    cgroup: Option<&str>,
    me: &Me,
) -> Text {
    let Some(first) = holders.first() else {
        let mut text = Text::of(Tone::Dim, "?");
        if let Some(uid) = uid {
            text = text.then(Tone::Plain, format!(" uid {uid}"));
        }
        if let Some(unit) = cgroup.and_then(|path| path.rsplit('/').find(|part| !part.is_empty())) {
            text = text.then(Tone::Plain, format!(" {unit}"));
        }
        if let Some(reason) = unknown {
            text = text.then(Tone::Dim, format!(" ({})", reason.as_str()));
        }
        return text;
    };
    let mut text = Text::plain(&first.name).then(Tone::Dim, format!(" {}", first.pid));
    if holders.len() > 1 {
        text = text.then(Tone::Plain, format!(" +{}", holders.len() - 1));
    }
    if let Some(user) = &first.user
        && first.uid != me.uid
    {
        text = text.then(Tone::Dim, format!(" ({user})"));
    }
    text
}

fn project(listener: &Listener) -> Text {
    let Some(project) = listener.project() else { return Text::default() };
    let text = Text::plain(&project.name);
    match &project.branch {
        Some(branch) => text.then(Tone::Dim, format!(" ({branch})")),
        None => text,
    }
}

fn up(started: Option<Timestamp>, now: Timestamp) -> Text {
    let Some(started) = started else { return Text::default() };
    let age = Duration::try_from(now.duration_since(started)).unwrap_or_default();
    Text::plain(measure::age(age)).piped(time(started))
}

/// What it said; else what is concluded, marked so; else what it is, and that it was asked in vain; else what the port
/// usually means, which is no identity.
fn speaks(listener: &Listener) -> Text {
    let framework = listener.holders.iter().find_map(|holder| holder.framework.as_deref());
    if let Some(Speaks { protocol, certainty, detail }) = &listener.speaks {
        let detail = detail.as_deref().map(|detail| format!(" {detail}")).unwrap_or_default();
        return match protocol {
            Some(protocol) if *certainty == Certainty::Observed => {
                Text::plain(protocol).then(Tone::Dim, detail)
            }
            Some(protocol) => Text::plain(protocol).then(Tone::Dim, " (inferred)"),
            None => match framework {
                Some(framework) => Text::of(Tone::Dim, format!("by {framework}:{detail}")),
                None => Text::of(Tone::Dim, format!("unknown:{detail}")),
            },
        };
    }
    match (framework, &listener.names.usually) {
        (Some(framework), _) => Text::of(Tone::Dim, format!("by {framework}")),
        (None, Some(usually)) => Text::of(Tone::Dim, format!("usually {usually}")),
        (None, None) => Text::default(),
    }
}

fn note(listener: &Listener) -> Text {
    let silent = listener.state == State::BoundNotListening;
    let mut notes = Vec::new();
    match &listener.note {
        Some(note) => notes.push((if silent { Tone::Yellow } else { Tone::Plain }, note.clone())),
        None if silent => notes.push((Tone::Yellow, state(listener.state).to_owned())),
        None => {}
    }
    if let Some(netns) = &listener.netns {
        notes.push((Tone::Plain, namespace(netns)));
    }
    let mut text = Text::default();
    for (tone, note) in notes {
        if !text.is_empty() {
            text = text.then(Tone::Dim, "; ");
        }
        text = text.then(tone, note);
    }
    text
}

fn namespace(netns: &Namespace) -> String {
    match netns {
        Namespace { container: Some(container), .. } => format!("in {container}"),
        Namespace { name: Some(name), .. } => format!("in netns {name}"),
        Namespace { inode: Some(inode), .. } => format!("in net:[{inode}]"),
        Namespace { pid: Some(pid), .. } => format!("in the network of pid {pid}"),
        _ => "in another network".into(),
    }
}

/// The state's word, as JSON has it.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Listen => "listen",
        State::BoundNotListening => "bound-not-listening",
        State::Bound => "bound",
        State::Established => "established",
        State::SynSent => "syn-sent",
        State::SynReceived => "syn-received",
        State::FinWait1 => "fin-wait1",
        State::FinWait2 => "fin-wait2",
        State::TimeWait => "time-wait",
        State::Closed => "closed",
        State::CloseWait => "close-wait",
        State::LastAck => "last-ack",
        State::Closing => "closing",
    }
}

fn is_of_project(holders: &[Holder], me: &Me) -> bool {
    me.project.as_ref().is_some_and(|root| {
        holders.iter().filter_map(|holder| holder.project.as_ref()).any(|project| project.root == *root)
    })
}

fn is_of_user(holders: &[Holder], uid: Option<u32>, me: &Me) -> bool {
    me.uid.is_some() && (uid == me.uid || holders.iter().any(|holder| holder.uid == me.uid))
}

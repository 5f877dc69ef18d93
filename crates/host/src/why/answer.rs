//! Who is at the other end of a connection of ours: asked of the kernel, never concluded from the port.

use std::{collections::HashSet, net::SocketAddr};

use navyd_model::{Holder, Listener, Namespace, Protocol, why::AnsweredBy};

use super::{
    facts::{Facts, Redirected},
    question::answers,
    reach::Reached,
};
use crate::{
    kernel::{self, Query, Socket, States, Transport},
    listeners::{Holders, namespaces},
};

/// Who answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// A socket of this namespace that has the address and port connected to.
    Here(AnsweredBy),
    /// A socket with another address or port, or in another namespace.
    Redirected(Redirected),
    /// Nobody whom this machine's kernel shows.
    Nobody,
}

/// Asks who answered, and ends the connection as soon as it need not stand any longer.
///
/// An accepted connection has a descriptor, and so a holder. One that waits to be accepted has none: it belongs
/// to its listener, and of several listeners that share the address nobody can tell which.
pub(super) fn who_answered(facts: &Facts, reached: &mut Reached) -> Answer {
    let Some(own) = reached.own else { return Answer::Nobody };
    let address = reached.address;
    let found = kernel::find(Transport::Tcp, address, own).ok().flatten();
    let tcp = |listener: &&Listener| listener.proto == Protocol::Tcp;
    let listeners: Vec<&Listener> = facts
        .listeners
        .iter()
        .filter(|listener| tcp(listener) && answers(facts, listener, address.ip()))
        .collect();
    if let Some(socket) = found {
        return Answer::Here(here(&listeners, &socket));
    }
    if !listeners.is_empty() {
        // The listener has closed its end already, and was there a moment ago.
        return Answer::Here(of_listeners(&listeners));
    }
    let elsewhere = arrived(own);
    reached.connection = None;
    elsewhere.map_or(Answer::Nobody, |(socket, netns)| {
        let holders = holders_of(&socket, netns.as_ref());
        Answer::Redirected(Redirected { asked: address, arrived: socket.local, netns, holders })
    })
}

fn here(listeners: &[&Listener], socket: &Socket) -> AnsweredBy {
    let same =
        listeners.iter().filter(|listener| listener.cookie.is_some() && listener.cookie == socket.cookie);
    let exact: Vec<&Listener> = same.copied().collect();
    if !exact.is_empty() {
        return of_listeners(&exact);
    }
    // The socket's own user tells apart listeners that share an address, as far as they are of different users.
    let of_user: Vec<&Listener> =
        listeners.iter().filter(|listener| listener.uid == socket.uid).copied().collect();
    let candidates = of_listeners(if of_user.is_empty() { listeners } else { &of_user });
    if candidates.pid.is_some() || socket.inode == 0 {
        return candidates;
    }
    let mut owners = Holders::of(&HashSet::from([socket.inode]));
    let (holders, _) = owners.of_socket(socket.inode, socket.uid, &socket.pids, false);
    match holders.first() {
        Some(holder) => {
            AnsweredBy { pid: Some(holder.pid), name: Some(holder.name.clone()), cookie: candidates.cookie }
        }
        None => candidates,
    }
}

/// What is common to all of them: a pid only when there is just one.
fn of_listeners(listeners: &[&Listener]) -> AnsweredBy {
    let pids: HashSet<u32> =
        listeners.iter().flat_map(|found| &found.holders).map(|holder| holder.pid).collect();
    let names: HashSet<&str> =
        listeners.iter().flat_map(|found| &found.holders).map(|holder| holder.name.as_str()).collect();
    AnsweredBy {
        pid: pids.iter().next().copied().filter(|_| pids.len() == 1),
        name: names.iter().next().map(|name| (*name).to_owned()).filter(|_| names.len() == 1),
        cookie: match listeners {
            [only] => only.cookie,
            _ => None,
        },
    }
}

/// The socket whose peer is our end: a rule has led the connection to it.
fn arrived(own: SocketAddr) -> Option<(Socket, Option<Namespace>)> {
    let states = States::CONNECTED;
    let query = Query { peer_port: Some(own.port()), ..Query::new(Transport::Tcp, states) };
    let is_peer =
        |socket: &Socket| socket.remote.ip().to_canonical() == own.ip() && socket.remote.port() == own.port();
    let here = kernel::sockets(&query).ok()?.sockets.into_iter().find(is_peer);
    if let Some(socket) = here {
        return Some((socket, None));
    }
    namespaces().into_iter().find_map(|namespace| {
        let socket = kernel::sockets_in(&namespace, &query).ok()?.sockets.into_iter().find(is_peer)?;
        Some((socket, Some(namespace)))
    })
}

/// Who has the socket open; for a connection that was not accepted yet, who has its listener open.
fn holders_of(socket: &Socket, netns: Option<&Namespace>) -> Vec<Holder> {
    let listening = || {
        let query = Query::listeners().on(socket.local.port());
        let table = match netns {
            Some(netns) => kernel::sockets_in(netns, &query),
            None => kernel::sockets(&query),
        };
        table.ok().into_iter().flat_map(|table| table.sockets).map(|listener| listener.inode)
    };
    let inodes: HashSet<u64> = if socket.inode != 0 {
        HashSet::from([socket.inode])
    } else {
        listening().filter(|inode| *inode != 0).collect()
    };
    let mut owners = Holders::of(&inodes);
    let mut holders: Vec<Holder> = Vec::new();
    for inode in inodes {
        holders.extend(owners.of_socket(inode, socket.uid, &socket.pids, netns.is_some()).0);
    }
    holders
}

//! Reads what the rows need. What cannot be read says why.

use std::{collections::HashSet, io::ErrorKind, net::IpAddr, thread};

use navyd_model::hub;

use super::{
    Facts, Outside, Told,
    facts::{Ear, Held, Net},
    matrix::{self, Matrix},
    names, os, programs,
};
use crate::{
    kernel::{self, Filter, Flow, Interface, Limits, Lost, Query, Settings, Socket, States, Transport},
    listeners::Holders,
};

/// The most listeners that the packet filter's rules are read for.
const MOST_FLOWS: usize = 64;

/// Where source ports are drawn from when that cannot be read: what IANA sets aside for it (RFC 6335 §6).
const DYNAMIC: std::ops::RangeInclusive<u16> = 49152..=u16::MAX;

/// Why nothing can listen on a port of the kernel's choice where each of them is in use.
const NO_PORT: &str = "every port that the kernel gives out is in use";

/// Looks at this machine, told what only the caller can know. What may wait does so beside the rest.
pub fn gather(outside: Outside) -> Facts {
    thread::scope(|scope| {
        let names = thread::Builder::new().spawn_scoped(scope, names::gather);
        let owners = thread::Builder::new().spawn_scoped(scope, programs::gather);
        let (interfaces, limits, net) = network();
        // A thread that the system refuses is work for this one.
        let names = names.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(names::gather);
        let owners = owners.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(programs::gather);
        let (proxy, around) = (programs::own_proxy(), os::surroundings());
        Facts { interfaces, limits, net, names, proxy, owners, around, outside }
    })
}

fn network() -> (Told<Vec<Interface>>, Limits, Net) {
    let interfaces = kernel::interfaces().map_err(|error| error.to_string());
    let limits = kernel::limits();
    let ports = limits.ephemeral.clone().unwrap_or(DYNAMIC);
    let net = net(interfaces.as_deref().unwrap_or_default(), ports);
    (interfaces, limits, net)
}

fn net(devices: &[Interface], ports: std::ops::RangeInclusive<u16>) -> Net {
    let before = kernel::settings();
    // Whoever listens is seen before our own listener is made.
    let listeners = listeners();
    let addresses = matrix::addresses(devices);
    let binds = matrix::binds(&addresses);
    let (matrix, elsewhere) = match matrix::matrix(&addresses) {
        Ok(Matrix { attempts, elsewhere }) => (Ok(attempts), elsewhere),
        Err(error) if error.kind() == ErrorKind::AddrInUse => (Err(NO_PORT.to_owned()), Vec::new()),
        Err(error) => (Err(format!("nothing can listen: {error}")), Vec::new()),
    };
    let tried = matrix.iter().flatten().map(|attempt| attempt.address);
    let heard = listeners.iter().flatten().filter_map(loopback).take(MOST_FLOWS);
    let flows = tried.chain(heard).map(|to| Flow::own(to, ports.clone())).collect();
    let settings = kernel::settings();
    Net {
        links: kernel::links().map_err(|error| error.to_string()),
        losing: lost_between(&before, &settings),
        filter: filter(flows),
        own_port: own_port(),
        settings,
        binds,
        matrix,
        elsewhere,
        listeners,
    }
}

fn listeners() -> Told<Vec<Ear>> {
    let query = Query::new(Transport::Tcp, States::LISTEN);
    let sockets = kernel::sockets(&query).map_err(|error| error.to_string())?.sockets;
    let full: HashSet<u64> =
        sockets.iter().filter(|socket| is_full(socket)).map(|socket| socket.inode).collect();
    // A pass over every process, and only when there is somebody to be named.
    let mut holders = (!full.is_empty()).then(|| Holders::of(&full));
    let ear = |socket: &Socket| Ear {
        at: socket.local,
        v6only: socket.v6only,
        waiting: socket.receive_queue,
        queue: socket.send_queue,
        holder: holders.as_mut().filter(|_| is_full(socket)).and_then(|holders| name(holders, socket)),
    };
    Ok(sockets.iter().map(ear).collect())
}

/// Linux drops what comes once more wait than were asked for (`sk_acceptq_is_full`).
fn is_full(socket: &Socket) -> bool {
    socket.receive_queue > socket.send_queue
}

/// `` `python3` (pid 812) ``.
fn name(holders: &mut Holders, socket: &Socket) -> Option<String> {
    let (found, _) = holders.of_socket(socket.inode, socket.uid, &socket.pids, false);
    found.first().map(|holder| format!("`{}` (pid {})", holder.name, holder.pid))
}

/// Where a listener hears connections of this machine itself.
fn loopback(ear: &Ear) -> Option<std::net::SocketAddr> {
    let address = match ear.at.ip() {
        IpAddr::V4(four) if four.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(six) if six.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        address => address,
    };
    address.is_loopback().then_some((address, ear.at.port()).into())
}

fn filter(flows: Vec<Flow>) -> Told<Filter> {
    kernel::filter(flows).map_err(|error| error.to_string())
}

fn own_port() -> Told<Option<Held>> {
    // TIME_WAIT takes the port from no server.
    let states = States::LISTEN.with(States::BOUND_NOT_LISTENING).with(States::CONNECTED);
    let all = kernel::sockets(&Query::new(Transport::Tcp, states).on(hub::PORT));
    let sockets = all.map_err(|error| error.to_string())?.sockets;
    // A connection that a listener accepted has the same port.
    let listens = |socket: &&Socket| States::LISTEN.contains(socket.state);
    let Some(socket) = sockets.iter().find(listens).or(sockets.first()) else { return Ok(None) };
    let mut holders = Holders::of(&HashSet::from([socket.inode]));
    let (found, _) = holders.of_socket(socket.inode, socket.uid, &socket.pids, false);
    let ours = found.iter().any(|holder| holder.name == "navyd");
    Ok(Some(Held { by: name(&mut holders, socket), ours, listens: listens(&socket) }))
}

fn lost_between(before: &Settings, after: &Settings) -> Lost {
    let (Ok(before), Ok(after)) = (&before.lost, &after.lost) else { return Lost::default() };
    Lost {
        overflows: after.overflows.saturating_sub(before.overflows),
        drops: after.drops.saturating_sub(before.drops),
    }
}

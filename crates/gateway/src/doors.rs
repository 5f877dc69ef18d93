//! The listening sockets of routes: which stay, and which are new.
//!
//! All new ones are bound before anything is changed, so that a set of routes takes effect as a whole or not at all.

use std::{
    collections::HashSet,
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
    sync::Arc,
    time::Instant,
};

use navyd_model::{Entry, Scheme};

use crate::{
    fault::Laid,
    net::{bind_tcp, bind_udp},
    plan::{Routed, StartError},
    router::{Numbered, Routes},
    tally,
};

/// New listening sockets of one worker, each with its address.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    /// Streams.
    pub(crate) streams: Vec<(SocketAddr, TcpListener)>,
    /// Datagrams.
    pub(crate) datagrams: Vec<(SocketAddr, UdpSocket)>,
}

/// A set of routes that can take effect.
pub(crate) struct Prepared {
    /// The routes, with the ports that the system chose.
    pub(crate) routes: Vec<Numbered>,
    /// The sockets that are new, for each worker.
    pub(crate) doors: Vec<Doors>,
}

/// Binds what of these routes does not listen already. `next` is the first number that no route has had.
pub(crate) fn prepare(
    now: &Routes,
    routes: Vec<Routed>,
    workers: usize,
    next: &mut u32,
) -> Result<Prepared, StartError> {
    let now_is = Instant::now();
    let mut doors: Vec<Doors> = (0..workers).map(|_| Doors::default()).collect();
    let mut numbered = Vec::with_capacity(routes.len());
    let (mut numbers, mut addresses) = (HashSet::new(), HashSet::new());
    for mut routed in routes {
        let datagrams = routed.route.upstream.scheme == Scheme::Udp;
        let same = |known: &&Numbered| {
            known.routed.route.entry == routed.route.entry
                && (known.routed.route.upstream.scheme == Scheme::Udp) == datagrams
        };
        let known = now.all().iter().filter(same).find(|known| !numbers.contains(&known.number));
        if let Entry::Address(address) = &mut routed.route.entry {
            let asked = *address;
            let refused = |source| StartError::Listen { address: asked, source };
            if known.is_none() {
                *address = open(&mut doors, asked, datagrams).map_err(refused)?;
            }
            if !addresses.insert((*address, datagrams)) {
                return Err(refused(io::ErrorKind::AddrInUse.into()));
            }
        }
        let laid =
            Laid::new(&routed.faults, routed.route.upstream.scheme, known.map(|known| &*known.laid), now_is);
        let laid =
            laid.map_err(|source| StartError::Fault { route: routed.route.entry.to_string(), source })?;
        // Nothing to follow for connections of a route whose faults are as they were.
        let laid = match known {
            Some(known) if known.laid.is_same(&laid) => Arc::clone(&known.laid),
            _ => Arc::new(laid),
        };
        let (number, tallies) = match known {
            Some(known) => (known.number, Arc::clone(&known.tallies)),
            None => (std::mem::replace(next, next.wrapping_add(1)), tally::tallies(workers)),
        };
        numbers.insert(number);
        numbered.push(Numbered { number, routed, tallies, laid });
    }
    Ok(Prepared { routes: numbered, doors })
}

/// Binds an address for all workers; returns it with its port.
fn open(doors: &mut [Doors], asked: SocketAddr, datagrams: bool) -> io::Result<SocketAddr> {
    if datagrams {
        let sockets = bind_udp(asked, doors.len())?;
        let address = sockets[0].local_addr()?;
        doors.iter_mut().zip(sockets).for_each(|(doors, socket)| doors.datagrams.push((address, socket)));
        return Ok(address);
    }
    let sockets = bind_tcp(asked, doors.len())?;
    let address = sockets[0].local_addr()?;
    doors.iter_mut().zip(sockets).for_each(|(doors, socket)| doors.streams.push((address, socket)));
    Ok(address)
}

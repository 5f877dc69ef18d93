//! The listening addresses of routes in one worker: opened, led elsewhere and closed as the routes change.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
    rc::Rc,
};

use navyd_model::{Entry, Scheme};
use tokio::{
    net::{TcpListener, UdpSocket},
    sync::watch,
    task::{JoinHandle, spawn_local, yield_now},
};

use crate::{
    doors::Doors,
    listen,
    site::Gate,
    udp::Datagrams,
    worker::{Door, End, Worker},
};

/// The open ones.
#[derive(Default)]
pub(crate) struct Entrances {
    streams: HashMap<SocketAddr, (Rc<Gate>, JoinHandle<()>)>,
    datagrams: HashMap<SocketAddr, (Rc<Datagrams>, JoinHandle<()>)>,
}

/// New listening sockets that this worker's runtime watches, and that nobody is let in by yet.
pub(crate) struct Opened {
    streams: HashMap<SocketAddr, TcpListener>,
    datagrams: HashMap<SocketAddr, UdpSocket>,
}

impl Opened {
    /// Hands these to the runtime that it is called in.
    ///
    /// # Errors
    /// When the system watches no more. What was handed over is closed then.
    pub(crate) fn register(doors: Doors) -> io::Result<Self> {
        let streams = doors.streams.into_iter();
        let streams = streams.map(|(address, socket)| Ok((address, TcpListener::from_std(socket)?)));
        let datagrams = doors.datagrams.into_iter();
        let datagrams = datagrams.map(|(address, socket)| Ok((address, UdpSocket::from_std(socket)?)));
        Ok(Self {
            streams: streams.collect::<io::Result<_>>()?,
            datagrams: datagrams.collect::<io::Result<_>>()?,
        })
    }
}

impl Entrances {
    /// Follows the routes that the worker has taken over, and returns once the addresses of those that are gone are
    /// free.
    pub(crate) async fn change(
        &mut self,
        worker: &Rc<Worker>,
        opened: Opened,
        ending: &watch::Receiver<End>,
    ) {
        let table = worker.table();
        let mut open = HashSet::new();
        let Opened { mut streams, mut datagrams } = opened;
        for (route, site) in table.routes.routes().zip(&table.sites) {
            let Entry::Address(address) = route.entry else { continue };
            open.insert((address, route.upstream.scheme == Scheme::Udp));
            if route.upstream.scheme == Scheme::Udp {
                let Some(upstream) = route.upstream.addresses().next() else { continue };
                if let Some((carrier, _)) = self.datagrams.get(&address) {
                    carrier.lead(upstream, site);
                } else if let Some(socket) = datagrams.remove(&address) {
                    let carrier = Rc::new(Datagrams::new(socket, upstream, worker, site));
                    let carrying = spawn_local(Rc::clone(&carrier).serve());
                    self.datagrams.insert(address, (carrier, carrying));
                }
            } else if let Some((gate, _)) = self.streams.get(&address) {
                gate.lead(site);
            } else if let Some(listener) = streams.remove(&address) {
                let gate = Rc::new(Gate::default());
                gate.lead(site);
                let door = Door::Gate(Rc::clone(&gate));
                let accepting =
                    spawn_local(listen::accept(Rc::clone(worker), listener, door, ending.clone()));
                self.streams.insert(address, (gate, accepting));
            }
        }
        let gone = self.streams.extract_if(|address, _| !open.contains(&(*address, false)));
        let gone: Vec<_> = gone.map(|(_, stream)| stream).collect();
        for (gate, accepting) in gone {
            gate.close();
            // It ends because the gate is closed, and cannot fail.
            let _ = accepting.await;
        }
        let gone = self.datagrams.extract_if(|address, _| !open.contains(&(*address, true)));
        let gone: Vec<_> = gone.map(|(_, datagrams)| datagrams).collect();
        for (carrier, carrying) in gone {
            end(carrier, carrying).await;
        }
        // Idle connections to what is gone close.
        worker.nudge();
    }

    /// Closes all of them: the gateway ends.
    pub(crate) async fn close(self) {
        for (_, accepting) in self.streams.into_values() {
            // It ends with the gateway, and cannot fail.
            let _ = accepting.await;
        }
        for (carrier, carrying) in self.datagrams.into_values() {
            end(carrier, carrying).await;
        }
    }
}

/// Ends a route of datagrams; its address is free once this is done.
async fn end(carrier: Rc<Datagrams>, carrying: JoinHandle<()>) {
    carrying.abort();
    let _ = carrying.await;
    carrier.close();
    // The tasks of its clients end in their next turn, and hold its socket until then.
    while Rc::strong_count(&carrier) > 1 {
        yield_now().await;
    }
}

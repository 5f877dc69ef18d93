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
    listen,
    site::Gate,
    udp::Datagrams,
    worker::{Change, Door, End, Worker},
};

/// The open ones.
#[derive(Default)]
pub(crate) struct Entrances {
    streams: HashMap<SocketAddr, (Rc<Gate>, JoinHandle<()>)>,
    datagrams: HashMap<SocketAddr, (Rc<Datagrams>, JoinHandle<()>)>,
}

impl Entrances {
    /// Takes over other routes, and returns once the addresses of those that are gone are free.
    pub(crate) async fn change(
        &mut self,
        worker: &Rc<Worker>,
        change: Change,
        ending: &watch::Receiver<End>,
    ) -> io::Result<()> {
        worker.take_over(change.routes, change.own);
        let table = worker.table();
        let mut open = HashSet::new();
        let mut streams: HashMap<_, _> = change.doors.streams.into_iter().collect();
        let mut datagrams: HashMap<_, _> = change.doors.datagrams.into_iter().collect();
        for (route, site) in table.routes.routes().zip(&table.sites) {
            let Entry::Address(address) = route.entry else { continue };
            open.insert((address, route.upstream.scheme == Scheme::Udp));
            if route.upstream.scheme == Scheme::Udp {
                let Some(upstream) = route.upstream.addresses().next() else { continue };
                if let Some((carrier, _)) = self.datagrams.get(&address) {
                    carrier.lead(upstream, site);
                } else if let Some(socket) = datagrams.remove(&address) {
                    let carrier =
                        Rc::new(Datagrams::new(UdpSocket::from_std(socket)?, upstream, worker, site));
                    let carrying = spawn_local(Rc::clone(&carrier).serve());
                    self.datagrams.insert(address, (carrier, carrying));
                }
            } else if let Some((gate, _)) = self.streams.get(&address) {
                gate.lead(site);
            } else if let Some(socket) = streams.remove(&address) {
                let gate = Rc::new(Gate::default());
                gate.lead(site);
                let door = Door::Gate(Rc::clone(&gate));
                let listener = TcpListener::from_std(socket)?;
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
        Ok(())
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

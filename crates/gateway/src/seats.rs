//! How many connections there may be, in all and of one client.

use std::{cell::RefCell, collections::HashMap, net::IpAddr, rc::Rc};

use crate::{
    net::{Drain, Guest},
    tally::Cell,
};

/// The seats of a worker.
pub(crate) struct Seats {
    drain: Rc<Drain>,
    most: usize,
    most_per_peer: usize,
    peers: RefCell<HashMap<IpAddr, usize>>,
    tally: Cell,
}

/// A connection's place among the others, for as long as both parts live.
pub(crate) struct Seat {
    /// By which it is told to end.
    pub(crate) guest: Guest,
    /// By which it is counted.
    pub(crate) permit: Permit,
}

/// Counts a connection of a client.
pub(crate) struct Permit {
    seats: Rc<Seats>,
    peer: Option<IpAddr>,
}

impl Seats {
    /// So many in all, and so many for each client that is not this machine; they are counted.
    pub(crate) fn new(most: usize, most_per_peer: usize, tally: Cell) -> Self {
        Self { drain: Rc::default(), most, most_per_peer, peers: RefCell::default(), tally }
    }

    /// The end of all connections.
    pub(crate) fn drain(&self) -> &Drain {
        &self.drain
    }

    /// A seat for a connection of this client; `None` when there is none left.
    pub(crate) fn take(self: &Rc<Self>, peer: IpAddr) -> Option<Seat> {
        if self.drain.guests() >= self.most {
            return None;
        }
        // Loopback is every program of this machine at once.
        let peer = Some(peer.to_canonical()).filter(|peer| !peer.is_loopback());
        if let Some(peer) = peer {
            let mut peers = self.peers.borrow_mut();
            let count = peers.entry(peer).or_default();
            if *count >= self.most_per_peer {
                return None;
            }
            *count += 1;
        }
        self.tally.begin();
        Some(Seat { guest: self.drain.enter(), permit: Permit { seats: Rc::clone(self), peer } })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.seats.tally.end();
        let Some(peer) = self.peer else { return };
        let mut peers = self.seats.peers.borrow_mut();
        if let Some(count) = peers.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                peers.remove(&peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally;

    #[test]
    fn seats_are_limited_in_all_and_for_each_client() {
        let seats = Rc::new(Seats::new(5, 2, Cell::new(tally::tallies(1), 0)));
        let mut held = Vec::new();
        for (peer, expected) in [
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.2.1", false),
            ("127.0.0.1", true),
            ("127.0.0.1", true),
            ("127.0.0.1", true),
            ("127.0.0.1", false),
            ("192.0.2.2", false),
        ] {
            let seat = seats.take(peer.parse().unwrap());
            assert_eq!(seat.is_some(), expected, "{peer}");
            held.extend(seat);
        }
        held.clear();
        assert!(seats.peers.borrow().is_empty());
        assert!(seats.take("192.0.2.1".parse().unwrap()).is_some());
    }
}

//! A route at a listening address of its own, recorded, and gone when its owner is: for a tap, and for a replay that goes
//! to another server.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use navyd_gateway::{Observe, Routed};
use navyd_model::{Entry, Route, Upstream, exchange::Protocol};
use tokio::task::spawn_blocking;

use crate::{book::Refusal, house::House};

/// A route that is gone when this is dropped.
pub(crate) struct Borrowed {
    house: Arc<House>,
    owner: String,
    /// The route, with the port that the system chose.
    pub(crate) route: Route,
    /// Where it listens.
    pub(crate) listen: SocketAddr,
}

/// Tells owners apart.
static LAST: AtomicU64 = AtomicU64::new(0);

impl Borrowed {
    /// Opens it, to be read as a protocol. Blocks.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the server is the hub itself.
    pub(crate) fn open(
        house: &Arc<House>,
        listen: SocketAddr,
        upstream: Upstream,
        read_as: Option<Protocol>,
    ) -> Result<Self, Refusal> {
        let owner = format!("tap {}", LAST.fetch_add(1, Ordering::Relaxed) + 1);
        let route = Route { entry: Entry::Address(listen), upstream };
        let routed = Routed { observe: Observe::All, ..Routed::from(route.clone()) };
        // Somebody who waits for it may connect as soon as it listens. Where the system chooses, nobody knows the port yet.
        let (entry, capture) =
            (route.entry.to_string(), house.capture.as_ref().filter(|_| listen.port() != 0));
        let before = capture.and_then(|capture| capture.read_as(&entry, read_as));
        let leased = house.book.lease(&owner, vec![routed]);
        let leased =
            leased.and_then(|missed| missed.into_iter().next().map_or(Ok(()), |missed| Err(missed.why)));
        if let Err(why) = leased {
            // It may be somebody else's, and is read as it was.
            capture.and_then(|capture| capture.read_as(&entry, before));
            return Err(why);
        }
        let opened = house.book.of(&owner).into_iter().next().unwrap_or(route);
        let listen = if let Entry::Address(address) = opened.entry { address } else { listen };
        if let Some(capture) = &house.capture {
            capture.read_as(&opened.entry.to_string(), read_as);
        }
        Ok(Self { house: Arc::clone(house), owner, route: opened, listen })
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let (house, owner, route) =
            (Arc::clone(&self.house), self.owner.clone(), self.route.entry.to_string());
        // Closing blocks shortly, and this may be dropped where nothing may.
        drop(spawn_blocking(move || {
            // The only refusal left is that of a hub that ends, with which all routes go.
            let _ = house.book.lease(&owner, Vec::new());
            if let Some(capture) = &house.capture {
                capture.read_as(&route, None);
            }
        }));
    }
}

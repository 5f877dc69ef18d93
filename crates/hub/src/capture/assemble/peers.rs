//! Connections, each known by both of its ends.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use navyd_gateway::tap::Plane;

use super::{flow::Ends, record::Peer};
use crate::capture::{
    known::{Known, Row},
    limits::KNOWN,
};

/// Connections that were seen.
pub(crate) struct Peers {
    known: Known<Peer>,
    new: Vec<(Arc<Peer>, Plane)>,
}

/// Behind such a silence, in microseconds, the same addresses are taken for another connection: a port that was given
/// back is given to somebody else one day.
const SILENCE: i64 = 30_000_000;

/// How many new ones are remembered for whoever looks who they are.
const NEW: usize = 256;

impl Peers {
    pub(crate) fn new() -> Self {
        Self { known: Known::new(KNOWN), new: Vec::new() }
    }

    /// The far end of a connection.
    pub(crate) fn find(&mut self, (address, ours): Ends, plane: Plane, at: i64) -> Arc<Peer> {
        let mut bytes = [0; 36];
        for (place, end) in bytes.chunks_exact_mut(18).zip([address, ours]) {
            let ip = match end.ip() {
                std::net::IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                std::net::IpAddr::V6(ip) => ip,
            };
            place[..16].copy_from_slice(&ip.octets());
            place[16..].copy_from_slice(&end.port().to_le_bytes());
        }
        let hash = self.known.hash(u64::from(plane == Plane::Udp), &bytes);
        let same = |peer: &Peer| {
            peer.address == address
                && peer.ours == ours
                && at.saturating_sub(peer.used.swap(at, Ordering::Relaxed)) < SILENCE
        };
        if let Some(found) = self.known.find(hash, same) {
            return found;
        }
        let (who, used, row) = (OnceLock::new(), AtomicI64::new(at), Row::default());
        let peer = Arc::new(Peer { address, ours, who, serves: AtomicBool::new(false), used, row });
        self.known.put(hash, Arc::clone(&peer));
        if self.new.len() < NEW {
            self.new.push((Arc::clone(&peer), plane));
        }
        peer
    }

    /// Those that are new since this was last asked.
    pub(crate) fn take_new(&mut self) -> Vec<(Arc<Peer>, Plane)> {
        std::mem::take(&mut self.new)
    }
}

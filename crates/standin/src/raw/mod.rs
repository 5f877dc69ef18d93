//! Stand-ins that read bytes and not requests.
//!
//! - [`Echo`]: what comes goes back, over TCP; [`echoing`]: the same for datagrams
//! - [`Sink`]: what comes is counted; [`sinking`]: the same for datagrams; [`Gone`]: the same for requests of HTTP
//! - [`Stub`]: answers what it expects, in order
//! - [`Packets`]: addresses for datagrams, bound
//!
//! A client that has said its last may still hear: the other direction ends only when all of it has been sent.

mod echo;
mod packets;
mod sink;
mod stub;

use std::{net::SocketAddr, rc::Rc, time::Duration};

pub use echo::{Echo, echoing};
pub use packets::Packets;
pub use sink::{Gone, Sink, Tally, sinking};
pub use stub::{Pair, Stub};

/// A connection that has ended, or a datagram.
#[derive(Debug)]
pub struct Ended {
    /// What spoke: `tcp` or `udp`.
    pub kind: &'static str,
    /// Who.
    pub peer: SocketAddr,
    /// The bytes that came.
    pub received: u64,
    /// The bytes that were sent.
    pub sent: u64,
    /// From its beginning to its end.
    pub took: Duration,
    /// Why it did not come to its end, if so.
    pub error: Option<String>,
}

/// Who is told of it.
pub type ToldEnd = Rc<dyn Fn(Ended)>;

/// Tells that it has ended, where somebody wants to know.
fn tell(told: Option<&ToldEnd>, ended: Ended) {
    if let Some(told) = told {
        told(ended);
    }
}

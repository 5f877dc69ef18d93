//! Stand-ins that read bytes and not requests.
//!
//! - [`Echo`]: what comes goes back, over TCP; [`echoing`]: the same for datagrams
//! - [`Sink`]: what comes is counted; [`sinking`]: the same for datagrams; [`Gone`]: the same for requests of HTTP
//! - [`Stub`]: answers what it expects, in order
//! - [`Packets`]: addresses for datagrams, bound
//! - [`Manner`]: how slow they are, and how often they fail
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

use crate::{Socket, http::chance};

/// How slow it is, and how often it fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// How long everything that is said waits.
    pub latency: Duration,
    /// How many of 1 connections are reset as they come, or of datagrams lost.
    pub error_rate: f64,
}

impl Manner {
    async fn wait(&self) {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
    }

    /// Whether this one fails.
    fn fails(&self) -> bool {
        self.error_rate > 0.0 && chance() < self.error_rate
    }
}

/// Resets a connection that is to fail, and tells so.
fn refuse(socket: Socket, told: Option<&ToldEnd>) {
    let error = Some("reset, as --error-rate wants it".to_owned());
    tell(told, Ended { kind: "tcp", peer: socket.peer, received: 0, sent: 0, took: Duration::ZERO, error });
    socket.reset();
}

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

//! What is told.

use std::{net::SocketAddr, ops::Range, sync::Arc};

use navyd_model::exchange::{Hit, Outcome, Side};

/// One thing that is watched from its begin to its end: an exchange of HTTP, a connection that is not understood, the
/// datagrams of one client. Never used twice by one gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub u64);

/// Events of one worker, in the order in which they happened.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events.
    pub events: Vec<Event>,
    /// The bytes that they speak of.
    pub bytes: Vec<u8>,
}

/// Something that happened to a flow.
#[derive(Debug, Clone)]
pub struct Event {
    /// The flow.
    pub flow: FlowId,
    /// When, in microseconds since 1970 (UTC).
    pub at: i64,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// The flow begins: the first event of each.
    Begin(Box<Begin>),
    /// A server was reached, by a connection between these two addresses: ours and its own. A request that is sent
    /// once more has this once more, and bytes of the server before it are void.
    Reached {
        /// Our address.
        ours: SocketAddr,
        /// The server's.
        server: SocketAddr,
    },
    /// Bytes went out to the other side, or are the next to do so, as they were sent by this one. The head of a
    /// request is told before its server is reached, and whether or not it is.
    Bytes {
        /// Who sent them.
        from: Side,
        /// What they are.
        mark: Mark,
        /// Where they are in [`Batch::bytes`].
        range: Range<u32>,
    },
    /// Bytes went out and were not copied. Told with the next bytes of the flow that are, or before its end, so it says
    /// of each side how many are missing, and not exactly where.
    Lost {
        /// Who sent them.
        from: Side,
        /// How many.
        count: u64,
    },
    /// A fault did something.
    Hit(Box<Hit>),
    /// The flow has left HTTP for another protocol, and goes on as a stream of bytes: behind a 101, or a CONNECT of
    /// HTTP/2.
    Upgraded,
    /// The flow has ended: the last event of each, unless the gateway has ended before it.
    End(Outcome),
}

/// How a flow begins.
#[derive(Debug, Clone)]
pub struct Begin {
    /// What the gateway understands of it.
    pub plane: Plane,
    /// Where the route begins, as it is typed; empty for a request that leads nowhere.
    pub route: Arc<str>,
    /// The client's address.
    pub client: SocketAddr,
    /// Our address, to which it connected.
    pub ours: SocketAddr,
    /// Whether the client speaks TLS.
    pub tls: bool,
}

/// What the gateway understands of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// A request and its response. What came by HTTP/2 is told as its translation to HTTP/1.1.
    Http {
        /// Whether the client speaks HTTP/2.
        h2: bool,
    },
    /// A stream of bytes.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A whole head of HTTP, with the empty line behind it, as its sender wrote it: of the request, of each interim
    /// response, of the response.
    Head,
    /// The same of HTTP/2, as its translation to HTTP/1.1. Its sender wrote the fields whose names have no capital
    /// letter (RFC 9113 §8.2: "Field names MUST be converted to lowercase"); the others say how the body is framed.
    Translated,
    /// A part of a body of HTTP, with the lines of its chunks and its trailers where it has any.
    Body,
    /// The answer of the gateway itself, instead of a server's: head and body.
    Own,
    /// A part of a stream.
    Stream,
    /// One datagram.
    Datagram,
}

//! Every limit of the gateway, with its name and default.

use std::time::Duration;

use navyd_h1 as h1;

/// How much of anything, and how long.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest head of a request or response, in bytes; at most a buffer, which is 64 KiB.
    pub head_bytes: u32,
    /// The most fields in a head.
    pub head_fields: usize,
    /// From the first byte of a request's head to its last.
    pub head_time: Duration,
    /// How long a client's connection may stay without a request.
    pub idle: Duration,
    /// How long a body may stand still. Event streams and upgraded connections may for ever.
    pub body_idle: Duration,
    /// How long connecting to an upstream may take: only a full queue of its takes time on this machine.
    pub connect: Duration,
    /// From the last byte of a request to the head of its response, and how long a request may queue for its
    /// upstream. Long, because development servers compile on the first request.
    pub response: Duration,
    /// How long a request waits for a service that is coming, in all.
    pub hold: Duration,
    /// How long after an upstream failed, whose service is said to be ready, the news may take that it is not.
    pub notice: Duration,
    /// How long a look at where else an upstream might listen may take, before a page tells.
    pub glance: Duration,
    /// Connections of all clients, for each worker. Further ones are closed.
    pub connections: usize,
    /// Connections of one client address that is not this machine, for each worker. Loopback is left out: there
    /// one address is every program of the machine.
    pub connections_per_peer: usize,
    /// Connections to one upstream, for each worker. Further requests queue.
    pub upstream_connections: usize,
    /// How long a connection to an upstream is kept for the next request, unless the upstream says less.
    pub upstream_idle: Duration,
    /// Clients of a UDP route, for each worker. The one silent for longest makes room for the next.
    pub udp_sessions: usize,
    /// How long a client of a UDP route may be silent, both ways.
    pub udp_idle: Duration,
    /// Streams that one client may have open at once (HTTP/2).
    pub h2_streams: u32,
    /// Bytes of one stream that may come before the other side has taken them (RFC 9113 §6.9.2).
    pub h2_stream_window: u32,
    /// Bytes of all streams of one connection that may.
    pub h2_connection_window: u32,
    /// Bytes of one stream that may wait to be sent.
    pub h2_send_buffer: usize,
    /// The largest frame that is taken, in bytes.
    pub h2_frame: u32,
    /// Streams of one connection that may be opened and reset before anyone has looked at them. A hot reload leaves
    /// hundreds of requests at once; beyond this it is an attack.
    pub h2_pending_resets: usize,
    /// Streams that were reset here and whose last frames, still on the way, are told from a protocol error.
    pub h2_remembered_resets: usize,
    /// Malformed requests that one connection may send in its life.
    pub h2_refused: usize,
    /// What small frames may take of memory beyond their payload, in bytes: 256 for each at most. Programs send
    /// thousands of tiny messages at once.
    pub h2_small_frames: usize,
    /// Bytes that may be told of what passes and are not yet taken by whoever keeps them, in all workers. Beyond
    /// this, what passes is not told, and counted.
    pub tap: usize,
    /// The same of one connection, request or client of a UDP route.
    pub tap_connection: usize,
    /// How long a body that is to be held may stand still, before it passes behind its head instead.
    pub held_body: Duration,
    /// How long a connection that is closed early still takes what the client sends, so that the client can read why.
    pub linger: Duration,
    /// How long a gateway that ends waits for what is in flight.
    pub drain: Duration,
    /// How long a stream of bytes must be silent for it to end while the gateway ends.
    pub drain_quiet: Duration,
}

impl Limits {
    /// Those of a head.
    pub(crate) fn of_heads(&self) -> h1::Limits {
        h1::Limits { head_bytes: self.head_bytes, headers: self.head_fields, ..h1::Limits::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 64 * 1024,
            head_fields: 100,
            head_time: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body_idle: Duration::from_secs(30),
            connect: Duration::from_secs(5),
            response: Duration::from_secs(120),
            hold: Duration::from_secs(30),
            notice: Duration::from_secs(1),
            glance: Duration::from_millis(250),
            connections: 16 * 1024,
            connections_per_peer: 1024,
            upstream_connections: 64,
            upstream_idle: Duration::from_secs(60),
            udp_sessions: 1024,
            udp_idle: Duration::from_secs(60),
            h2_streams: 100,
            h2_stream_window: 256 * 1024,
            h2_connection_window: 4 * 1024 * 1024,
            h2_send_buffer: 64 * 1024,
            h2_frame: 16 * 1024,
            h2_pending_resets: 1024,
            h2_remembered_resets: 1024,
            h2_refused: 16 * 1024,
            h2_small_frames: 8 * 1024 * 1024,
            tap: 64 * 1024 * 1024,
            tap_connection: 1024 * 1024,
            held_body: Duration::from_secs(2),
            linger: Duration::from_secs(2),
            drain: Duration::from_secs(10),
            drain_quiet: Duration::from_millis(500),
        }
    }
}

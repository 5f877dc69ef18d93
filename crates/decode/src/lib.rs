//! What protocols say: bytes of connections become exchanges.
//!
//! It stands here as a crate of its own so that no decoder can do input or output, and each can be fuzzed. Bytes come
//! as they were sent, in any portions, with gaps, and from anybody: a decoder never panics, holds little, and gives up
//! by saying so. Deliberately absent: HTTP's heads and chunks, which are `navyd_h1`'s; redaction and keeping.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod body;
mod dns;
mod frames;
pub mod grpc;
mod mysql;
mod piece;
mod postgres;
mod reader;
#[cfg(test)]
mod recorded;
mod redis;
mod remembered;
mod shown;
mod spoken;
mod sse;
mod websocket;

use navyd_model::exchange::Protocol;

pub use spoken::{Decoder, PieceReader, Spoken};
pub use sse::Events;
pub use websocket::WebSocket;

/// A decoder of a connection that speaks `protocol` over a stream. `None` where there is none: HTTP and what it carries
/// is read by its heads, and raw bytes mean nothing.
#[must_use]
pub fn decoder(protocol: Protocol) -> Option<Box<dyn Decoder + Send>> {
    match protocol {
        Protocol::Postgres => Some(Box::new(postgres::Postgres::default())),
        Protocol::Mysql => Some(Box::new(mysql::Mysql::default())),
        Protocol::Redis => Some(Box::new(redis::Redis::default())),
        Protocol::Dns => Some(Box::new(dns::Stream::default())),
        Protocol::Http
        | Protocol::Grpc
        | Protocol::Websocket
        | Protocol::Sse
        | Protocol::Tcp
        | Protocol::Udp => None,
    }
}

/// A decoder of datagrams of one client and its server; each is given alone. `None` where there is none.
#[must_use]
pub fn datagrams(protocol: Protocol) -> Option<Box<dyn Decoder + Send>> {
    match protocol {
        Protocol::Dns => Some(Box::new(dns::Datagrams::default())),
        _ => None,
    }
}

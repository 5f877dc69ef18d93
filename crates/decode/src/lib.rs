//! What protocols say: bytes of connections become exchanges.
//!
//! It stands here as a crate of its own so that no decoder can do input or output, and each can be fuzzed. Bytes come
//! as they were sent, in any portions, with gaps, and from anybody: a decoder never panics, holds little, and gives up
//! by saying so. Deliberately absent: HTTP's heads and chunks, which are `navyd_h1`'s; redaction and keeping.
//!
//! # Layout
//!
//! - [`decoder`], [`datagrams`]: protocols of their own; each exchange is a [`Spoken`]
//! - [`WebSocket`], [`Events`], [`grpc::Call`]: what an exchange of HTTP carries piece by piece ([`PieceReader`])
//! - [`body::view`]: a body of HTTP as a person reads it
//!
//! # Limits
//!
//! Each room names its own. An ordinary connection costs some KiB. One that asks without end and never reads an answer
//! costs at most 4 MiB, of Redis, where commands are short, 16 MiB; then its decoder gives up.
//!
//! # What a decoder says of itself
//!
//! An exchange with the method `tls` or `opaque` says that nothing more can be understood, and is the rest of the
//! connection; one with the method `gap` that something was lost, each time that it finds its way back and loses it again,
//! or the rest of the connection, where there is no way back. Whatever was under way then has an end that is not known.
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

pub use spoken::{Decoder, Extent, PieceReader, Spoken};
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

//! HTTP/1.1 on the wire (RFC 9112), and the frames of WebSocket (RFC 6455).
//!
//! Bytes in, decisions out: where a head ends, what frames the body behind it, where that body ends, whether the
//! connection may be used again, and what to write to the next hop. It stands here as a crate of its own because
//! the gateway must keep the bytes as they were sent, deliver each interim response and trailer, and refuse every
//! message that two programs could read in two ways; a library that builds messages anew does neither.
//!
//! # Layout
//!
//! A head is stored as offsets into the caller's buffer, so it has no lifetime, is used again for the next
//! message, and every accessor takes that buffer again. Offsets count from the buffer's first byte.
//!
//! - [`Request`], [`Response`]: a head, parsed, and refused where it is not exactly right
//! - [`Head`]: what both have in common: fields, framing, whether the connection persists
//! - [`Body`]: how many of the bytes belong to this message, and which of them are its payload
//! - [`forward`]: the head for the next hop
//! - [`Authority`]: a host and a port
//! - [`ws`]: frames of WebSocket
//!
//! # Strictness
//!
//! Where the RFC lets a recipient repair a message, this refuses it, since the next program may repair it in another
//! way: that is what request smuggling lives from. After a [`Reject`] the connection must be closed.
//!
//! Deliberately absent: input and output, clocks, allocation for each field, `unsafe`, knowledge of another crate of
//! ours, HTTP/2 (only its preface is recognised), content codings, and decisions of policy such as which hosts exist.
#![forbid(unsafe_code)]

pub mod body;
mod chunked;
pub mod connection;
#[cfg(test)]
mod corpus;
pub mod encode;
pub mod field;
pub mod forward;
pub mod framing;
pub mod head;
pub mod host;
pub mod limits;
mod preface;
mod reject;
pub mod request;
pub mod response;
mod target;
pub mod ws;

pub use body::{Body, Part, Piece, Step};
pub use connection::Options;
pub use field::{Field, Known};
pub use framing::Framing;
pub use head::{Head, Parsed, Version};
pub use host::Authority;
pub use limits::Limits;
pub use preface::{Preface, h2_preface};
pub use reject::{Reject, Side};
pub use request::{Request, Verb};
pub use response::{Asked, Response};
pub use target::Form;

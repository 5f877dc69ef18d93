//! HTTP/2 (RFC 9113), towards clients and towards upstreams.
//!
//! A stream is translated to the bytes of HTTP/1 and served by `crate::http` like a connection that carries one
//! request, behind one end of a pair in memory; a request to an upstream that speaks HTTP/2 is translated from those
//! bytes. So every rule about requests, routes, responses and pages stands in one place, and each version of either
//! side meets each of the other. Frames, flow control and header compression are the `h2` library's.
//!
//! - [`serve`]: the connection of a client (`server`), and one stream of it (`stream`)
//! - [`Calls`]: connections to an upstream (`client`), and one request to it (`call`)
//! - `request`, `response`, `trailers`: heads, both ways, as pure functions
//! - `receive`, `send`: bodies, both ways, with flow control
//! - `websocket`: the handshake that HTTP/2 leaves out (RFC 8441), for either side
//!
//! Deliberately absent: server push, priorities, and PINGs to see who is alive: a program that is paused in a debugger
//! answers none, and the kernel knows when it is gone.

mod call;
mod client;
mod receive;
mod request;
mod response;
mod send;
mod server;
mod stream;
mod trailers;
mod websocket;
mod wire;

pub(crate) use client::{Called, Calls};
pub(crate) use server::serve;

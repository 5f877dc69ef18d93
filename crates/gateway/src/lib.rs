//! The hands of navyd: the gateway, which moves bytes between clients and upstreams.
//!
//! It stands here as a crate of its own so that it cannot know a disk or a screen: it is given routes and limits,
//! and gives back addresses.
//!
//! # Layout
//!
//! - [`Gateway`]: starting, changing and ending it; what it has counted
//! - [`Limits`]: every limit, with its default
//! - `worker`: one thread for each core; `listen`: accepting; `seats`: how many connections it takes
//! - `doors`, `entrances`: the listening addresses of routes, bound before a change and opened by it
//! - `agreement`: how all workers follow a change, or none
//! - `sniff`: which protocol a client speaks, by its first bytes
//! - `router`: which route a request takes; `site`: that route in one worker; `standing`: its service
//! - `tally`: counting
//! - `http`: requests and responses; `h2`: HTTP/2, translated for it; `pages`: what the gateway says itself
//! - `tcp`, `udp`: routes that are not understood; `carry`: a connection, with or without faults;
//!   `held`: datagrams that faults hold back
//! - [`fault`]: what can be laid on a route; [`breakpoint`]: what is held on its way
//! - `upstream`: connections to where a route leads
//! - [`tap`]: copies of what passes, for whoever keeps them
//! - [`tls`]: certificates for names on this machine
//! - `net`: sockets, buffers, deadlines; the only place that knows the operating system
//!
//! Deliberately absent: configuration files, logs, and any record of what passed.
#![forbid(unsafe_code)]

mod agreement;
pub mod breakpoint;
mod carry;
mod doors;
mod entrances;
pub mod fault;
mod gateway;
mod h2;
mod held;
mod http;
mod limits;
mod listen;
mod net;
mod own;
mod pages;
mod plan;
mod router;
mod seats;
mod site;
mod sniff;
mod standing;
mod tally;
pub mod tap;
mod tcp;
#[cfg(test)]
mod tests;
pub mod tls;
mod udp;
mod upstream;
mod worker;

pub use gateway::{Counters, Gateway, Hurry, RouteCounters};
pub use limits::Limits;
pub use plan::{Leaving, Observe, Plan, Routed, StartError};

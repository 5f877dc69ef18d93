//! The actors: temporary servers, each an ordinary listener that happens to be ours.
//!
//! A stand-in is opened (its ports are then bound, and nobody else's), and stands until it is told to stop. All that
//! one process stands in for runs on one thread, so that nothing here is shared or locked.
//!
//! - [`Door`]: the addresses of a stand-in, bound
//! - [`Stand`]: what answers behind which doors; [`Talk`]: what one connection is answered with
//! - [`Stopper`], [`Stop`]: how it is told to end
//! - [`echo`]: says what it was asked, as httpbin does
//! - [`ftp`]: files over FTP
//! - [`http`]: HTTP/1.1 for those that speak it, over `h1`
//! - [`raw`]: echo, sink and stub for bytes and datagrams
//! - [`serve`]: the files of a folder
//! - [`sse`], [`ws`]: an echo as events, and over WebSocket
//!
//! Deliberately absent: routes and shares, which reach a stand-in by its address as they reach any listener; screens,
//! files of settings, and signals, which belong to the command.
#![forbid(unsafe_code)]

mod door;
pub mod echo;
#[cfg(test)]
mod fixture;
pub mod ftp;
pub mod http;
pub mod limits;
pub mod mail;
mod os;
pub mod raw;
pub mod serve;
mod socket;
pub mod sse;
mod stand;
mod stop;
pub mod ws;

pub use door::{Door, NoDoor};
pub use socket::{Socket, Tls};
pub use stand::{Stand, Talk, Talking};
pub use stop::{Stop, Stopper, stopper};

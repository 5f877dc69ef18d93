//! HTTP/1.1 for stand-ins: a site is asked, and its answer is sent.
//!
//! - [`Site`]: what answers; [`Asked`]: what it is asked; [`Answer`]: what it says
//! - [`Server`]: speaks with one client for as long as the connection lasts
//! - [`Manners`]: what every stand-in can be told on the command line: who may ask, how slow and how faulty it is
//! - [`Passed`]: what is told of each exchange
//!
//! Bytes are understood by `h1`, which refuses what two programs could read in two ways. Deliberately absent: HTTP/2,
//! which the hub speaks in front of a stand-in, and which paths there are.

mod answer;
mod asked;
mod hosts;
mod incoming;
mod manners;
mod send;
mod server;
#[cfg(test)]
mod tests;
mod time;

use std::{future::Future, pin::Pin};

pub use answer::{Answer, Body, Part, Source, Sourced, Upgraded};
pub use asked::{Asked, Head};
pub use hosts::Hosts;
pub use incoming::{Incoming, TooLong};
pub(crate) use manners::chance;
pub use manners::{Credentials, Manners};
pub use server::{Passed, Server, Told};
pub use time::{date, parse_date};

/// What answers requests.
pub trait Site {
    /// The answer to one request.
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a>;

    /// Whether reason phrases are in capitals: they mean nothing (RFC 9112 §4), but clients of another program may
    /// know it by them.
    fn shouts(&self) -> bool {
        false
    }
}

/// An answer that is being found.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

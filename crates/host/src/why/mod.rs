//! Why an address can or cannot be bound and reached.
//!
//! [`gather()`] looks: it binds and connects for real, and asks the kernel who answered. [`explain()`] judges,
//! purely. What is done to the machine is little: a socket bound for some microseconds on each form of the
//! address, during which another program's bind of that very form would fail, and one connection to each
//! address of loopback, reset before a byte is sent. Deliberately absent: asking a listener what it speaks,
//! and any connection to what must not be touched, such as a debugger.
//!
//! # Layout
//! - `question`: what a target concerns; `facts`: what was seen; `causes/`: a file for each reason
//! - `gather`, `reach`, `answer`, `resolve`: the rim, where sockets, clock and resolver are

mod answer;
mod causes;
mod explain;
mod facts;
mod gather;
mod naming;
mod question;
pub(crate) mod reach;
mod resolve;
mod rules;
#[cfg(test)]
mod table;

use navyd_model::{Target, Why};

pub(crate) use self::resolve::ask;
pub use self::{
    explain::explain,
    facts::{Facts, Neighbour, Orphan, Redirected},
    gather::gather,
    resolve::resolve,
    rules::Rules,
};
use crate::kernel::Error;

/// A door for the fuzz target: the one parser of this room that reads a file.
#[cfg(feature = "fuzz")]
pub mod fuzz {
    use std::net::IpAddr;

    /// The addresses that a hosts file gives a name.
    pub fn in_hosts(text: &str, name: &str) -> Vec<IpAddr> {
        super::resolve::in_hosts(text, name)
    }
}

/// Looks and explains.
///
/// # Errors
/// When the kernel tells nothing of this namespace's sockets.
pub fn why(target: &Target) -> Result<Why, Error> {
    Ok(explain(&gather(target)?, target))
}

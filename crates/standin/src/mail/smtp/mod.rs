//! SMTP, as a server that keeps everything and sends nothing.
//!
//! - [`Session`]: bytes in, replies out; [`Rules`], [`Chaos`]: how it behaves
//! - `command`, `path`, `auth`, `data`, `reply`: what it is made of, each pure
//! - [`Server`]: the rim, between a socket and the store

mod auth;
mod command;
mod data;
mod path;
mod reply;
mod rules;
mod server;
mod session;
#[cfg(test)]
mod tests;

use bytes::Bytes;

pub use auth::Login;
pub(super) use auth::signed;
pub use rules::{Chaos, Rules, Trigger};
pub use server::{Server, Taken, Taker};
pub use session::{Session, Step};

/// A message as it was handed over, with its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Whom it says it is from; empty for a bounce.
    pub sender: String,
    /// Whom it is for, as RCPT said.
    pub recipients: Vec<String>,
    /// Who authenticated.
    pub user: Option<String>,
    /// The name of the door that it came through, where the door has one.
    pub door: Option<String>,
    /// The message, byte for byte.
    pub bytes: Bytes,
}

/// Why a message was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The disk fails otherwise, or the store has ended.
    #[error("the store failed")]
    Failed,
}

//! Why a message is refused.

use std::fmt;

/// A message that must not be used, nor anything that follows it on its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject {
    /// What to answer the client with: 400, 414, 431, 501 or 505 for its own request, 502 for a bad response.
    pub status: u16,
    /// What is wrong, lowercase and without a full stop. It never contains bytes of the message.
    pub reason: &'static str,
}

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A client: what is wrong with its request is its own fault (400).
    Request,
    /// A server: what is wrong with its response is a bad gateway to the client (502).
    Response,
}

impl Reject {
    pub(crate) const fn new(status: u16, reason: &'static str) -> Self {
        Self { status, reason }
    }
}

impl Side {
    /// The refusal for a message that breaks a rule which binds both sides.
    pub(crate) const fn reject(self, reason: &'static str) -> Reject {
        match self {
            Side::Request => Reject::new(400, reason),
            Side::Response => Reject::new(502, reason),
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl std::error::Error for Reject {}

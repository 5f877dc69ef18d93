//! What a site is asked.

use std::net::SocketAddr;

use bytes::Bytes;
use navyd_h1::{Authority, Request, Version};

use super::Incoming;
use crate::Stop;

/// A request: its head, and a body that has not been read.
pub struct Asked<'a> {
    /// The head.
    pub head: &'a Head,
    /// The body.
    pub body: &'a mut Incoming<'a>,
    /// Tells when to end, for answers that would go on for ever.
    pub stop: &'a Stop,
}

/// The head of a request.
#[derive(Debug)]
pub struct Head {
    pub(super) request: Request,
    pub(super) bytes: Bytes,
    /// Who asks.
    pub peer: SocketAddr,
    /// At which of our addresses.
    pub local: SocketAddr,
    /// Whether the connection is encrypted.
    pub secure: bool,
}

impl Head {
    /// The method, as it was sent.
    #[must_use]
    pub fn method(&self) -> &str {
        text(self.request.method(&self.bytes))
    }

    /// Path and query, as they were sent.
    #[must_use]
    pub fn target(&self) -> &str {
        text(self.request.path(&self.bytes))
    }

    /// The path, as it was sent: still with `%` and dots in it.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or_default()
    }

    /// The query without its `?`, as it was sent; empty where there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target().split_once('?').map_or("", |(_, query)| query)
    }

    /// The version of the client.
    #[must_use]
    pub fn version(&self) -> Version {
        self.request.head().version()
    }

    /// The host and port that are asked for; `None` only in HTTP/1.0.
    #[must_use]
    pub fn authority(&self) -> Option<Authority<'_>> {
        self.request.authority(&self.bytes)
    }

    /// The value of the first field of that name, in whatever case.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.request.head().value(&self.bytes, name)
    }

    /// [`Head::value`] as text; `None` as well where it is not UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All fields, in order, as they were sent.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let bytes = &self.bytes[..];
        self.request.head().fields().iter().map(move |field| (text(field.name(bytes)), field.value(bytes)))
    }

    /// Whether it may leave HTTP; see [`Request::upgrade`].
    #[must_use]
    pub fn may_upgrade(&self) -> bool {
        self.request.upgrade()
    }
}

/// Methods, names and targets are of ASCII: `h1` lets nothing else pass, so that the empty text never is one.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

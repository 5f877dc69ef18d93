//! Heads that were seen before, recognised by their bytes.

use std::sync::Arc;

use navyd_h1::Asked;

use super::head::Head;
use crate::capture::{
    known::Known,
    limits::{KNOWN, KNOWN_HEAD},
};

/// Makes heads.
pub(crate) struct Heads {
    known: Known<Head>,
    reveal: bool,
}

/// What tells heads apart that have the same bytes.
const REQUEST: u64 = 1;
const TLS: u64 = 2;
const RESPONSE: u64 = 4;
const H2: u64 = 1 << 17;

impl Heads {
    pub(crate) fn new(reveal: bool) -> Self {
        Self { known: Known::new(KNOWN), reveal }
    }

    /// Whether secrets stay.
    pub(crate) fn reveal(&self) -> bool {
        self.reveal
    }

    /// The head of a request, which was written in HTTP/2 or not.
    pub(crate) fn request(&mut self, bytes: &[u8], tls: bool, h2: bool) -> Arc<Head> {
        let (reveal, kind) = (self.reveal, REQUEST | if tls { TLS } else { 0 } | if h2 { H2 } else { 0 });
        self.recognised(kind, bytes, || Head::request(bytes, tls, h2, reveal))
    }

    /// The head of a response to a request that asked so.
    pub(crate) fn response(&mut self, bytes: &[u8], asked: Asked, h2: bool) -> Arc<Head> {
        let kind = RESPONSE | (asked.verb as u64) << 8 | u64::from(asked.upgrade) << 16;
        let (reveal, kind) = (self.reveal, kind | if h2 { H2 } else { 0 });
        self.recognised(kind, bytes, || Head::response(bytes, asked, h2, reveal))
    }

    /// What stands for a head in another protocol.
    pub(crate) fn spoken(&mut self, method: &str, target: &str) -> Arc<Head> {
        let bytes = [method.as_bytes(), b"\0", target.as_bytes()].concat();
        self.recognised(0, &bytes, || Head::spoken(method, target))
    }

    fn recognised(&mut self, kind: u64, bytes: &[u8], make: impl FnOnce() -> Head) -> Arc<Head> {
        if bytes.len() > KNOWN_HEAD {
            return Arc::new(make());
        }
        let hash = self.known.hash(kind, bytes);
        if let Some(found) = self.known.find(hash, |head| *head.raw == *bytes && head.kind == kind) {
            return found;
        }
        let head = Arc::new(Head { raw: bytes.into(), kind, ..make() });
        self.known.put(hash, Arc::clone(&head));
        head
    }
}

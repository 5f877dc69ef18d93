//! The handshake of WebSocket (RFC 6455 §4) that HTTP/2 leaves out: towards HTTP/1.1 it is made here, on the side of the
//! client and on that of the upstream.

use std::hash::{BuildHasher as _, RandomState};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// A Sec-WebSocket-Key.
#[derive(Debug)]
pub(super) struct Key(String);

impl Key {
    /// A key that nobody can foresee, as far as that matters between two programs of one machine: it proves that the
    /// answer is not that of a cache.
    pub(super) fn new() -> Self {
        // A hasher of the standard library starts from a number that is random in each process, and differs for each.
        let half = || RandomState::new().hash_one(()).to_be_bytes();
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&half());
        nonce[8..].copy_from_slice(&half());
        Self::of(nonce)
    }

    /// The key of this nonce.
    pub(super) fn of(nonce: [u8; 16]) -> Self {
        Self(STANDARD.encode(nonce))
    }

    /// As it stands in the field.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether this Sec-WebSocket-Accept answers it.
    pub(super) fn is_answered_by(&self, accept: &[u8]) -> bool {
        accept_of(self.as_bytes()).as_bytes() == accept
    }
}

/// The Sec-WebSocket-Accept that answers a key (RFC 6455 §4.2.2: the key and a fixed text, by SHA-1).
pub(super) fn accept_of(key: &[u8]) -> String {
    let text = [key, b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"].concat();
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_the_rfc_is_right() {
        let key = Key("dGhlIHNhbXBsZSBub25jZQ==".to_owned());
        assert!(key.is_answered_by(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert!(!key.is_answered_by(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOp="));
        assert!(!key.is_answered_by(b""));
    }

    #[test]
    fn keys_differ() {
        assert_ne!(Key::new().as_bytes(), Key::new().as_bytes());
        assert_eq!(Key::new().as_bytes().len(), 24);
    }
}

//! What every stand-in that speaks HTTP can be told on the command line.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

use super::{Answer, Head, Hosts};

/// Who may ask, how slow it is and how often it fails.
#[derive(Debug, Clone)]
pub struct Manners {
    /// By which names it may be asked.
    pub hosts: Hosts,
    /// Who may ask; anyone where it is `None`.
    pub auth: Option<Credentials>,
    /// How long every answer waits.
    pub latency: Duration,
    /// How many of 1 requests are answered with a 500 that says it was wanted.
    pub error_rate: f64,
    /// Fields that every answer gets.
    pub fields: Vec<(String, String)>,
}

/// A user and a password, for the Basic scheme (RFC 7617).
#[derive(Clone)]
pub struct Credentials {
    expected: [u8; 32],
}

impl Default for Manners {
    fn default() -> Self {
        let hosts = Hosts::Ours(Vec::new());
        Self { hosts, auth: None, latency: Duration::ZERO, error_rate: 0.0, fields: Vec::new() }
    }
}

impl Credentials {
    /// From `user:password`; `None` where there is no colon.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.contains(':').then(|| Self { expected: hash(STANDARD.encode(text).as_bytes()) })
    }

    /// Whether the value of an Authorization field is theirs. Hashes are compared, so that the time it takes tells
    /// nothing of how much of it was right.
    #[must_use]
    pub fn admit(&self, value: &[u8]) -> bool {
        let Some((scheme, token)) = value.split_at_checked(6) else { return false };
        scheme.eq_ignore_ascii_case(b"basic ") && hash(token.trim_ascii()) == self.expected
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(…)")
    }
}

impl Manners {
    /// The answer instead of the site's, where they decide it.
    pub(super) fn refuse(&self, head: &Head) -> Option<Answer> {
        if !self.hosts.admit(head.authority().as_ref()) {
            let host = head.authority().map(|authority| authority.host).unwrap_or_default();
            let text = format!("this server does not answer for `{host}`: ask by address or as localhost\n");
            return Some(Answer::text(403, text));
        }
        if let Some(auth) = &self.auth
            && !is_preflight(head)
            && !head.value("authorization").is_some_and(|value| auth.admit(value))
        {
            let challenge = "Basic realm=\"navyd\", charset=\"UTF-8\"";
            return Some(
                Answer::text(401, "a user and a password are needed\n").with("WWW-Authenticate", challenge),
            );
        }
        (self.error_rate > 0.0 && chance() < self.error_rate)
            .then(|| Answer::text(500, "navyd was told to fail some requests (--error-rate)\n"))
    }
}

/// Whether a browser asks what a page may ask: it never sends a password with that (Fetch, CORS-preflight fetch).
fn is_preflight(head: &Head) -> bool {
    head.method() == "OPTIONS"
        && ["origin", "access-control-request-method"].iter().all(|name| head.value(name).is_some())
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// A number from 0 to below 1. Every hasher of the standard library has keys of its own, which is chance enough here.
pub(crate) fn chance() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::{Credentials, chance};

    #[test]
    fn only_the_right_password_is_admitted() {
        let auth = Credentials::parse("me:pass:word").expect("it has a colon");
        assert!(auth.admit(b"Basic bWU6cGFzczp3b3Jk") && auth.admit(b"basic bWU6cGFzczp3b3Jk "));
        for value in ["", "Basic", "Basic ", "Bearer bWU6cGFzczp3b3Jk", "Basic bWU6cGFzczp3b3J", "Basic x"] {
            assert!(!auth.admit(value.as_bytes()), "{value}");
        }
        assert!(Credentials::parse("me").is_none());
    }

    #[test]
    fn chance_is_spread() {
        let low = (0..1000).filter(|_| chance() < 0.3).count();
        assert!((200..400).contains(&low), "{low} of 1000 below 0.3");
    }
}

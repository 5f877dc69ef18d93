//! Requests that a page of another site has a browser send.
//!
//! A browser says where such a page is from. It could not read what is answered, but what it asks for would be done, and
//! what happens would be told to it over a WebSocket.

use super::answers::refused;
use crate::http::{Answer, Head};

/// The answer instead, where the page is of another site.
pub(super) fn refuse(head: &Head) -> Option<Answer> {
    let reads = matches!(head.method(), "GET" | "HEAD" | "OPTIONS") && !head.may_upgrade();
    let origin = head.text("origin")?;
    let host = head.text("host").unwrap_or_default();
    (!reads && !is_ours(origin, host)).then(|| refused(403, "this page may not change anything here"))
}

/// Whether an Origin is that of the host that was asked.
fn is_ours(origin: &str, host: &str) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn other_ports_and_names_are_other_sites() {
        for (origin, host, expected) in [
            ("http://localhost:8025", "localhost:8025", true),
            ("https://Mail.localhost", "mail.localhost", true),
            ("http://localhost:3000", "localhost:8025", false),
            ("https://evil.example", "localhost:8025", false),
            ("null", "localhost:8025", false),
            ("http://localhost:8025.evil.example", "localhost:8025", false),
        ] {
            assert_eq!(is_ours(origin, host), expected, "{origin} at {host}");
        }
    }
}

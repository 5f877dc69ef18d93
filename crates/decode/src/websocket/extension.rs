//! What was agreed on in Sec-WebSocket-Extensions.

use navyd_model::exchange::Side;

/// permessage-deflate, as the server agreed to it (RFC 7692 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deflate {
    client_keeps_context: bool,
    server_keeps_context: bool,
}

impl Deflate {
    /// Reads what the server answered. The size of its window does not matter: that of a reader is the largest.
    pub(super) fn agreed(extensions: &str) -> Option<Self> {
        let named = |extension: &&str| {
            extension
                .split(';')
                .next()
                .is_some_and(|name| name.trim().eq_ignore_ascii_case("permessage-deflate"))
        };
        let extension = extensions.split(',').find(named)?;
        let has =
            |name: &str| extension.split(';').skip(1).any(|part| part.trim().eq_ignore_ascii_case(name));
        Some(Self {
            client_keeps_context: !has("client_no_context_takeover"),
            server_keeps_context: !has("server_no_context_takeover"),
        })
    }

    /// Whether a message of this side goes on from the one before.
    pub(super) fn keeps_context(self, from: Side) -> bool {
        match from {
            Side::Client => self.client_keeps_context,
            Side::Server => self.server_keeps_context,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_agreed_on_is_read() {
        for (text, expected) in [
            ("permessage-deflate", Some((true, true))),
            (
                "Permessage-Deflate; server_max_window_bits=10; client_no_context_takeover",
                Some((false, true)),
            ),
            ("x-other, permessage-deflate;server_no_context_takeover", Some((true, false))),
            ("permessage-bzip2", None),
            ("", None),
        ] {
            let found = Deflate::agreed(text);
            let found = found.map(|one| (one.keeps_context(Side::Client), one.keeps_context(Side::Server)));
            assert_eq!(found, expected, "{text}");
        }
    }
}

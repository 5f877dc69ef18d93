//! Answers that many paths give.

use serde::Serialize;

use crate::http::Answer;

/// Nothing may be loaded from anywhere, and nothing runs: for whatever a message has brought along.
pub(super) const SEALED: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

/// A document.
pub(super) fn json(document: &impl Serialize) -> Answer {
    // What is written here are texts, numbers and lists of them, which always can be.
    Answer::json(200, serde_json::to_vec(document).unwrap_or_default()).with("Cache-Control", "no-store")
}

/// What clients expect when something was done.
pub(super) fn done() -> Answer {
    Answer::text(200, "ok")
}

pub(super) fn not_found() -> Answer {
    Answer::text(404, "404 page not found\n")
}

/// What was wrong with a request, for a person.
pub(super) fn refused(status: u16, why: impl std::fmt::Display) -> Answer {
    Answer::text(status, format!("{why}\n"))
}

/// What a message has brought along: shown or saved, but never run.
pub(super) fn foreign(kind: &str, name: &str, bytes: impl Into<bytes::Bytes>) -> Answer {
    let kind =
        if kind.bytes().all(|byte| byte.is_ascii_graphic()) { kind } else { "application/octet-stream" };
    let quoted: String = name.chars().filter(|letter| letter.is_ascii_graphic() || *letter == ' ').collect();
    let quoted = quoted.replace(['"', '\\', ';'], "_");
    Answer::of(200, kind.to_owned(), bytes)
        .with(
            "Content-Disposition",
            format!("inline; filename=\"{quoted}\"; filename*=UTF-8''{}", encoded(name)),
        )
        .with("Content-Security-Policy", SEALED)
        .with("X-Content-Type-Options", "nosniff")
        .with("Cache-Control", "no-store")
}

/// Escapes what may not stand in a value of RFC 8187, or in a path.
pub(super) fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

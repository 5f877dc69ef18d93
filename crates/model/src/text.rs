//! Bytes from outside as text.

use base64::{Engine, engine::general_purpose::STANDARD};

/// The bytes as text, with U+FFFD where one was not UTF-8; then also all of them in Base64 (RFC 4648 §4).
pub fn text(bytes: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), Some(STANDARD.encode(bytes))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost() {
        assert_eq!(text("é\u{1b}".as_bytes()), ("é\u{1b}".into(), None));
        assert_eq!(text(b"a\xff"), ("a\u{fffd}".into(), Some("Yf8=".into())));
    }
}

//! Bytes as text, and the bytes themselves where text cannot hold them.

use base64::{Engine, engine::general_purpose::STANDARD};
use navyd_model::RawText;

/// Text with U+FFFD where a byte was not UTF-8.
pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The bytes of those texts that are not UTF-8; `None` when all are.
pub(super) fn raw(
    name: &[u8],
    exe: Option<&[u8]>,
    argv: Option<&[Vec<u8>]>,
    cwd: Option<&[u8]>,
) -> Option<RawText> {
    let needed = |bytes: &[u8]| std::str::from_utf8(bytes).is_err();
    let encoded = |bytes: &[u8]| needed(bytes).then(|| STANDARD.encode(bytes));
    let raw = RawText {
        name: encoded(name),
        exe: exe.and_then(encoded),
        argv: argv
            .filter(|argv| argv.iter().any(|word| needed(word)))
            .map(|argv| argv.iter().map(|word| STANDARD.encode(word)).collect()),
        cwd: cwd.and_then(encoded),
    };
    (raw != RawText::default()).then_some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_text_cannot_hold_is_kept_as_bytes() {
        assert_eq!(raw("é\u{1b}[2J".as_bytes(), Some(b"/a"), Some(&[b"x".to_vec()]), None), None);
        let raw = raw(b"a", Some(b"/\xff"), Some(&[b"x".to_vec(), b"\xfe".to_vec()]), Some(b"/b"));
        assert_eq!(
            raw,
            Some(RawText {
                name: None,
                exe: Some("L/8=".into()),
                argv: Some(vec!["eA==".into(), "/g==".into()]),
                cwd: None,
            })
        );
        assert_eq!(lossy(b"a\xff"), "a\u{fffd}");
    }
}

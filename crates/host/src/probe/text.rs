//! Bytes of strangers, made fit for one line.

/// How much of one text of a stranger is kept: enough for every version string met, too short to fill a row.
const KEPT: usize = 120;

/// The bytes as one line: what is not printable ASCII or printable UTF-8 is escaped, and the end is cut.
pub(crate) fn line(bytes: &[u8]) -> String {
    let mut line = String::new();
    let mut count = 0;
    for chunk in bytes.trim_ascii().utf8_chunks() {
        let valid = chunk.valid().chars().map(escape);
        let invalid = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}"));
        for piece in valid.chain(invalid) {
            count += piece.chars().count();
            if count > KEPT {
                line.push('…');
                return line;
            }
            line.push_str(&piece);
        }
    }
    line
}

/// The first line of an answer, without its end.
pub(super) fn first_line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    &bytes[..end]
}

/// Where `wanted` begins in `bytes`, without regard to the case of ASCII letters.
pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len().max(1)).position(|window| window.eq_ignore_ascii_case(wanted))
}

/// Whether `wanted` occurs in `bytes`, without regard to the case of ASCII letters.
pub(crate) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    find(bytes, wanted).is_some()
}

/// The non-empty parts, joined by a comma; `None` when there is none.
pub(super) fn join(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Printable characters stay; control characters and those that change the direction or width of a line
/// do not.
fn escape(character: char) -> String {
    let misleads = matches!(character,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if character.is_control() || misleads {
        return character.escape_default().to_string();
    }
    character.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (bytes, expected) in [
            (&b"nginx/1.22.1\r\n"[..], "nginx/1.22.1"),
            (b"\x1b[31mred", "\\u{1b}[31mred"),
            (b"a\xffb", "a\\xffb"),
            ("Ünï\u{202e}x".as_bytes(), "Ünï\\u{202e}x"),
            (b"two\nlines", "two\\nlines"),
        ] {
            assert_eq!(line(bytes), expected);
        }
        assert_eq!(line(&[b'a'; 500]).chars().count(), KEPT + 1);
    }

    #[test]
    fn search() {
        assert_eq!(find(b"Server: X", b"server"), Some(0));
        assert_eq!(find(b"abc", b"d"), None);
        assert_eq!(find(b"", b"d"), None);
    }
}

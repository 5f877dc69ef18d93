//! Bytes as a person reads them, and no more of them than is looked at.

use serde_json::Value;

/// The text of these bytes; as `\x…` in hexadecimal, as PostgreSQL writes it, when they are no text. What is longer
/// than `limit` bytes ends in `…`. `size` is how many there really are, where not all were kept.
pub(crate) fn text(bytes: &[u8], size: u64, limit: usize) -> String {
    let mut cut = size > limit.min(bytes.len()) as u64;
    let head = &bytes[..bytes.len().min(limit)];
    let mut shown = match std::str::from_utf8(head) {
        Ok(text) => text.to_owned(),
        // A letter may have been cut in two.
        Err(error) if cut && error.error_len().is_none() => {
            String::from_utf8_lossy(&head[..error.valid_up_to()]).into_owned()
        }
        Err(_) => {
            cut |= head.len() > limit / 2;
            hexadecimal(&head[..head.len().min(limit / 2)])
        }
    };
    if cut {
        shown.push('…');
    }
    shown
}

/// The same for bytes of which all are here.
pub(crate) fn whole(bytes: &[u8], limit: usize) -> String {
    text(bytes, bytes.len() as u64, limit)
}

/// The same, as JSON.
pub(crate) fn value(bytes: &[u8], limit: usize) -> Value {
    Value::String(whole(bytes, limit))
}

/// `\x` and two digits for each byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    "\\x".chars().chain(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let rows: [(&[u8], usize, &str); 7] = [
            (b"", 4, ""),
            (b"abcd", 4, "abcd"),
            (b"abcde", 4, "abcd…"),
            ("ab\u{e9}".as_bytes(), 3, "ab…"),
            (b"\xff\x00", 4, "\\xff00"),
            (b"\xff\x00\x01", 4, "\\xff00…"),
            (b"\xff\x00\x01\x02\x03", 4, "\\xff00…"),
        ];
        for (bytes, limit, expected) in rows {
            assert_eq!(whole(bytes, limit), expected, "{bytes:?}");
        }
        assert_eq!(text(b"ab", 9, 4), "ab…");
    }
}

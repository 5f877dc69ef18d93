//! The head of a message: its fields as they stand there (RFC 5322 §2.2), with their folds undone and nothing decoded.

use memchr::memchr;

use crate::mail::limits;

/// Where the head ends: behind the empty line, or at the end of the message.
#[must_use]
pub fn end(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(length) = memchr(b'\n', &bytes[at..]) {
        let line = &bytes[at..at + length];
        at += length + 1;
        if line.is_empty() || line == b"\r" {
            return at;
        }
    }
    bytes.len()
}

/// The fields, in order: names as they were written and values without the white space around them. What is no field is
/// left out, as is what lies behind [`limits::HEAD`].
#[must_use]
pub fn fields(bytes: &[u8]) -> Vec<(String, String)> {
    let head = &bytes[..end(bytes).min(limits::HEAD)];
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = String::from_utf8_lossy(line);
        if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            // "Unfolding is accomplished by simply removing any CRLF that is immediately followed by WSP."
            if let Some((_, value)) = fields.last_mut() {
                if !value.is_empty() {
                    value.push(' ');
                }
                value.push_str(text.trim());
            }
            continue;
        }
        if let Some((name, value)) = text.split_once(':')
            && !name.trim_end().is_empty()
            && name.trim_end().bytes().all(|byte| byte.is_ascii_graphic())
        {
            fields.push((name.trim_end().to_owned(), value.trim().to_owned()));
        }
    }
    fields
}

/// The first value of a field, whose name is in any case.
#[must_use]
pub fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A name as programs that make maps of them write it: `Message-Id`.
#[must_use]
pub fn canonical(name: &str) -> String {
    let mut begins = true;
    let letter = |letter: char| {
        let written = if begins { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        begins = letter == '-';
        written
    };
    name.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded() {
        let message =
            b"\r: no name\r\nSubject: a\r\n b\r\n\tc\r\nX-Empty:\r\nno field\r\n bad: x\r\nTo:d \r\n\r\nFrom: body\r\n";
        let found = fields(message);
        let expected = [("Subject", "a b c"), ("X-Empty", "bad: x"), ("To", "d")];
        let expected: Vec<_> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(found, expected);
        assert_eq!(value(&found, "to"), Some("d"));
        assert_eq!(value(&found, "from"), None);
    }

    #[test]
    fn the_head_ends_at_the_empty_line() {
        for (message, expected) in
            [("a: b\r\n\r\nc", 8), ("a: b\n\nc", 6), ("\r\nc", 2), ("a: b\r\n", 6), ("", 0), ("a\r\n\r", 4)]
        {
            assert_eq!(end(message.as_bytes()), expected, "{message:?}");
        }
    }

    #[test]
    fn names_have_one_spelling() {
        for (name, expected) in
            [("message-id", "Message-Id"), ("MIME-Version", "Mime-Version"), ("x", "X"), ("", "")]
        {
            assert_eq!(canonical(name), expected);
        }
    }
}

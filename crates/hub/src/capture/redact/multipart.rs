//! Bodies of several parts (RFC 7578), by their text: a part begins at its name, and ends at a line with two hyphens.
//!
//! The boundary is not asked for, so a body that lacks its begin or whose head tells a wrong one is looked through as
//! well. A part whose content has such a line of its own loses only what is before it.

use super::{REDACTED, Text, json, names::is_secret};

const NAME: &[u8] = b"name=";

/// The text without its secrets.
pub(super) fn redact(text: &[u8]) -> Text<'_> {
    let mut out = Text::of(text);
    let mut at = 0;
    while let Some(next) = find(&text[at..], b"\r\n\r\n") {
        let (head, start) = (&text[at..at + next], at + next + 4);
        let end = find(&text[start..], b"\r\n--").map(|length| start + length);
        let content = start..end.unwrap_or(text.len());
        if name(head).is_some_and(is_secret) {
            out.replace(content.clone(), REDACTED);
            out.open = end.is_none();
        } else if contains(head, b"json") || text[content.clone()].trim_ascii_start().starts_with(b"{") {
            let inner = json::redact(&text[content.clone()]);
            out.open = inner.open && end.is_none();
            if let Some(redacted) = inner.changed() {
                out.replace(content.clone(), &redacted);
            }
        }
        at = content.end;
    }
    out
}

/// The name of a part by the fields in front of it. `filename=` is none.
fn name(head: &[u8]) -> Option<&[u8]> {
    let mut from = 0;
    while let Some(next) = find(&head[from..], NAME) {
        let at = from + next;
        from = at + NAME.len();
        if at > 0 && head[at - 1].is_ascii_alphanumeric() {
            continue;
        }
        let value = &head[from..];
        let (value, ends): (&[u8], &[u8]) = match value {
            [b'"', rest @ ..] => (rest, b"\""),
            _ => (value, b"; \r\n"),
        };
        let end = value.iter().position(|byte| ends.contains(byte)).unwrap_or(value.len());
        return Some(&value[..end]);
    }
    None
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted))
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_hidden_by_their_names() {
        let part = |name: &str, more: &str, content: &str| {
            format!("--x\r\nContent-Disposition: form-data; {name}\r\n{more}\r\n{content}\r\n")
        };
        let check = |text: String, expected: String| {
            let (text, expected) = (text + "--x--", expected + "--x--");
            let found = redact(text.as_bytes()).changed().unwrap_or_else(|| text.clone().into());
            assert_eq!(String::from_utf8_lossy(&found), expected);
        };
        let (user, end) = (part("name=\"user\"", "", "ada"), "--x--\r\n");
        check(
            format!("{user}{}{end}", part("name=\"password\"", "", "a\r\nb")),
            format!("{user}{}{end}", part("name=\"password\"", "", "[redacted]")),
        );
        check(part("name=token", "", "a"), part("name=token", "", "[redacted]"));
        check(
            part("filename=\"token\"; name=\"a\"", "", "a"),
            part("filename=\"token\"; name=\"a\"", "", "a"),
        );
        let json = "Content-Type: application/json\r\n";
        check(
            part("name=\"a\"", json, r#"{"otp":"1"}"#),
            part("name=\"a\"", json, r#"{"otp":"[redacted]"}"#),
        );
        check("no parts".into(), "no parts".into());
    }

    #[test]
    fn a_part_without_an_end_stays_open() {
        assert!(redact(b"--x\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\nab").open);
        assert!(!redact(b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nab").open);
    }
}

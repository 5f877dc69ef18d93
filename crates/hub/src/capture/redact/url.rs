//! Queries and forms: `name=value` between ampersands, alone or in a URL.

use super::{REDACTED, Text, names::is_secret};

/// A text that is a URL or holds some: parameters of their queries and fragments, and passwords before `@`.
pub(super) fn redact(text: &[u8]) -> Text<'_> {
    let mut out = Text::of(text);
    let mut at = 0;
    while let Some(next) = text[at..].iter().position(|byte| matches!(byte, b'?' | b'#' | b':')) {
        at += next + 1;
        if text[at - 1] == b':' {
            if text[at..].starts_with(b"//") {
                at += 2;
                at = user(text, at, &mut out);
            }
            continue;
        }
        let end = text[at..].iter().position(|byte| b"#? \t\r\n\"'<>\\".contains(byte));
        let end = end.map_or(text.len(), |length| at + length);
        pairs(text, at..end, &mut out);
        at = end;
    }
    out
}

/// A body of `application/x-www-form-urlencoded`.
pub(super) fn form(text: &[u8]) -> Text<'_> {
    let mut out = Text::of(text);
    pairs(text, 0..text.len(), &mut out);
    out
}

/// Whether a text reads like a form: names, `=`, no space.
pub(super) fn looks_like_form(text: &[u8]) -> bool {
    let name =
        text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.[]%+".contains(byte)).count();
    name > 0 && text.get(name) == Some(&b'=') && !text.iter().any(|byte| b" \t{<".contains(byte))
}

fn pairs(text: &[u8], range: std::ops::Range<usize>, out: &mut Text<'_>) {
    let mut at = range.start;
    while at < range.end {
        let end = text[at..range.end].iter().position(|byte| *byte == b'&');
        let (end, whole) = end.map_or((range.end, range.end < text.len()), |length| (at + length, true));
        if let Some(equals) = text[at..end].iter().position(|byte| *byte == b'=') {
            let name = unescaped(&text[at..at + equals]);
            if is_secret(&name) {
                out.replace(at + equals + 1..end, REDACTED);
                out.open = !whole;
            }
        }
        at = end + 1;
    }
}

/// `ada:secret@` in front of a host (RFC 3986 §3.2.1). Gives where the host begins.
fn user(text: &[u8], start: usize, out: &mut Text<'_>) -> usize {
    let end = text[start..].iter().position(|byte| b"/?# \t\r\n\"'<>\\,".contains(byte));
    let authority = &text[start..end.map_or(text.len(), |length| start + length)];
    let Some(host) = authority.iter().rposition(|byte| *byte == b'@') else { return start };
    if let Some(colon) = authority[..host].iter().position(|byte| *byte == b':') {
        out.replace(start + colon + 1..start + host, REDACTED);
    }
    start + host
}

/// Without percent escapes (RFC 3986 §2.1), as far as they are right.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let escape = (text[at] == b'%')
            .then(|| text.get(at + 1).and_then(digit).zip(text.get(at + 2).and_then(digit)));
        if let Some(Some((high, low))) = escape {
            out.push(high << 4 | low);
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_passwords_of_urls_are_hidden() {
        for (text, expected) in [
            ("/x", None),
            ("/x?a=1", None),
            ("/x?token=abc", Some("/x?token=[redacted]")),
            ("/x?a=1&api_key=k&b=2", Some("/x?a=1&api_key=[redacted]&b=2")),
            ("/x?pass%77ord=k", Some("/x?pass%77ord=[redacted]")),
            ("/cb#access_token=t&x=1", Some("/cb#access_token=[redacted]&x=1")),
            ("/x?a=1#token=t", Some("/x?a=1#token=[redacted]")),
            ("http://ada:pw@h:80/?x=1", Some("http://ada:[redacted]@h:80/?x=1")),
            ("http://h:80/a", None),
            ("<http://h/?sig=q>; rel=next", Some("<http://h/?sig=[redacted]>; rel=next")),
            (
                "a http://h/?secret=1 b http://h/?secret=2",
                Some("a http://h/?secret=[redacted] b http://h/?secret=[redacted]"),
            ),
            ("?token", None),
            ("?token=", Some("?token=[redacted]")),
            ("http://", None),
        ] {
            let found = redact(text.as_bytes()).changed();
            assert_eq!(found.as_deref().map(String::from_utf8_lossy), expected.map(Into::into), "{text}");
        }
    }

    #[test]
    fn forms_are_hidden_by_their_names() {
        let found = form(b"user=ada&user%5Bpassword%5D=x%26y&otp=1").changed().unwrap();
        assert_eq!(found, b"user=ada&user%5Bpassword%5D=[redacted]&otp=[redacted]");
        assert!(form(b"a=1&token=ab").open);
        assert!(!form(b"token=ab&a=1").open);
        assert!(looks_like_form(b"password=x"));
        assert!(!looks_like_form(b"hello = world"));
        assert!(!looks_like_form(b"{\"a\":1}"));
        assert!(!looks_like_form(b""));
    }
}

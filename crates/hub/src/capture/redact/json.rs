//! JSON, by its text: what is not secret stays byte for byte, and what is cut off or malformed is looked at as far as
//! it goes. So one way serves whole bodies, halves of long ones, lines of events and what only resembles JSON.

use super::{Text, names::is_secret, url};

/// How deep JSON inside strings of JSON is followed.
const DEPTH: usize = 4;

/// The text without its secrets.
pub(super) fn redact(text: &[u8]) -> Text<'_> {
    inside(text, 0)
}

fn inside(text: &[u8], depth: usize) -> Text<'_> {
    let mut out = Text::of(text);
    let mut at = 0;
    while let Some(quote) = find(text, at, b'"') {
        let (end, closed) = string(text, quote);
        let content = &text[quote + 1..if closed { end - 1 } else { end }];
        let colon = skip_space(text, end);
        if !closed || text.get(colon) != Some(&b':') {
            if let Some(redacted) = value(content, depth) {
                out.replace(quote + 1..quote + 1 + content.len(), &redacted);
            }
            at = end;
            continue;
        }
        at = colon + 1;
        if !is_name_secret(content) {
            continue;
        }
        let start = skip_space(text, at);
        match text.get(start) {
            None => out.open = true,
            // `true`, `false` and `null` tell nothing that is secret.
            Some(b't' | b'f' | b'n') => {}
            Some(_) => {
                let (end, whole) = span(text, start);
                out.open = !whole;
                out.replace(start..end, b"\"[redacted]\"");
                at = end;
            }
        }
    }
    out
}

/// A string that is not a name: JSON within it, and URLs.
fn value(content: &[u8], depth: usize) -> Option<Vec<u8>> {
    if depth < DEPTH && content.windows(2).any(|pair| pair == b"\\\"") {
        let quoted = [b"\"", content, b"\""].concat();
        let plain: String = serde_json::from_slice(&quoted).ok()?;
        let redacted = inside(plain.as_bytes(), depth + 1).changed()?;
        let quoted = serde_json::to_vec(&String::from_utf8_lossy(&redacted)).ok()?;
        return Some(quoted[1..quoted.len() - 1].to_vec());
    }
    if content.windows(3).any(|three| three == b"://") { url::redact(content).changed() } else { None }
}

/// A name may hide in escapes (RFC 8259 §7): `pass\u0077ord`.
fn is_name_secret(content: &[u8]) -> bool {
    if !content.contains(&b'\\') {
        return is_secret(content);
    }
    let quoted = [b"\"", content, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).map_or(true, |name| is_secret(name.as_bytes()))
}

/// Where the value that begins here ends, and whether its end was there.
fn span(text: &[u8], start: usize) -> (usize, bool) {
    match text[start] {
        b'"' => string(text, start),
        b'{' | b'[' => nested(text, start),
        _ => {
            let end = text[start..].iter().position(|byte| b",}] \t\r\n".contains(byte));
            (end.map_or(text.len(), |length| start + length), end.is_some())
        }
    }
}

fn nested(text: &[u8], start: usize) -> (usize, bool) {
    let (mut depth, mut at) = (0_usize, start);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = string(text, at).0;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return (at + 1, true);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (text.len(), false)
}

/// Behind the string whose first quote is here, and whether its last one was there.
fn string(text: &[u8], quote: usize) -> (usize, bool) {
    let mut at = quote + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return (at + 1, true),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    (text.len(), false)
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let space = text[from.min(text.len())..].iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
    from + space
}

fn find(text: &[u8], from: usize, wanted: u8) -> Option<usize> {
    text.get(from..)?.iter().position(|byte| *byte == wanted).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_with_secret_names_lose_their_values_and_nothing_else_changes() {
        for (text, expected) in [
            (r#"{"user":"ada","password":"hunter2"}"#, Some(r#"{"user":"ada","password":"[redacted]"}"#)),
            (r#"{ "pin" : 1234 , "a":1}"#, Some(r#"{ "pin" : "[redacted]" , "a":1}"#)),
            (r#"{"session":{"id":"s}","x":[1]},"a":2}"#, Some(r#"{"session":"[redacted]","a":2}"#)),
            (r#"{"token":["a","b"]}"#, Some(r#"{"token":"[redacted]"}"#)),
            (r#"{"token":null,"secret":true}"#, None),
            (r#"{"token":"a\"b","x":1}"#, Some(r#"{"token":"[redacted]","x":1}"#)),
            (r#"{"pass\u0077ord":"x"}"#, Some(r#"{"pass\u0077ord":"[redacted]"}"#)),
            (r#"{"a":{"b":[{"apiKey":"k"}]}}"#, Some(r#"{"a":{"b":[{"apiKey":"[redacted]"}]}}"#)),
            (r#"["password","hunter2"]"#, None),
            (r#"{"max_tokens":5}"#, None),
            (r#"{"password":"cut o"#, Some(r#"{"password":"[redacted]""#)),
            (r#"{"secret":{"a":"b"#, Some(r#"{"secret":"[redacted]""#)),
            ("data: {\"token\":\"x\"}\n\n", Some("data: {\"token\":\"[redacted]\"}\n\n")),
            (r#"{"body":"{\"password\":\"x\"}"}"#, Some(r#"{"body":"{\"password\":\"[redacted]\"}"}"#)),
            (r#"{"u":"http://h/?token=x&a=1"}"#, Some(r#"{"u":"http://h/?token=[redacted]&a=1"}"#)),
            (r#"{"u":"http://a:b@h/"}"#, Some(r#"{"u":"http://a:[redacted]@h/"}"#)),
            ("", None),
            ("\"", None),
            ("\"\\", None),
            ("\"password\":", None),
            ("{\"password\"", None),
        ] {
            let found = redact(text.as_bytes()).changed();
            assert_eq!(found.as_deref().map(String::from_utf8_lossy), expected.map(Into::into), "{text}");
        }
    }

    #[test]
    fn a_value_that_goes_on_behind_the_end_is_told() {
        for (text, open) in [
            (r#"{"token":"ab"#, true),
            (r#"{"token":"ab""#, false),
            (r#"{"token":"#, true),
            (r#"{"a":"b"#, false),
        ] {
            assert_eq!(redact(text.as_bytes()).open, open, "{text}");
        }
    }
}

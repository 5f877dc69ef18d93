//! Cookies, read from a field and written into one (RFC 6265, and the quotes of RFC 2109 that Python still writes).

use super::text::{digit, latin};

/// Names and values of a Cookie field, in order. What is no cookie is passed over up to the next semicolon.
pub(super) fn read(line: &[u8]) -> Vec<(String, String)> {
    let mut cookies = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        match one(rest) {
            Some((cookie, behind)) => {
                cookies.push(cookie);
                rest = behind;
            }
            None => rest = until(rest, |byte| byte == b';').1.get(1..).unwrap_or_default(),
        }
    }
    cookies
}

/// A Set-Cookie field that sets one for all paths.
pub(super) fn set(name: &str, value: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{}={}{secure}; Path=/", token(name), quoted(value))
}

/// A Set-Cookie field that takes one away.
pub(super) fn delete(name: &str) -> String {
    format!("{}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/", token(name))
}

/// A cookie, and what is behind its semicolon. A name alone has an empty value; spaces and quotes stand in none, unless
/// all of the value is in quotes.
fn one(line: &[u8]) -> Option<((String, String), &[u8])> {
    let (name, rest) = until(line.trim_ascii_start(), |byte| b" \t=\";".contains(&byte));
    let (value, rest) = match rest.trim_ascii_start().strip_prefix(b"=").map(<[u8]>::trim_ascii_start) {
        None => (String::new(), rest),
        Some(behind) => match behind.strip_prefix(b"\"") {
            Some(inside) => {
                let end = closing(inside)?;
                (unquoted(&inside[..end]), &inside[end + 1..])
            }
            None => {
                let (value, rest) = until(behind, |byte| b" \t\";".contains(&byte));
                (latin(value), rest)
            }
        },
    };
    let rest = rest.trim_ascii_start();
    let behind = if rest.is_empty() { rest } else { rest.strip_prefix(b";")? };
    (!name.is_empty()).then(|| ((latin(name), value), behind))
}

/// What is in front of the first such byte, and what begins with it.
fn until(bytes: &[u8], ends: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|byte| ends(*byte)).unwrap_or(bytes.len()))
}

/// Where the quotes end.
fn closing(inside: &[u8]) -> Option<usize> {
    let mut escaped = false;
    inside.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })
}

/// A name without what would end it.
fn token(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control() && !";=,".contains(*letter)).collect()
}

/// A value in quotes, with three octal digits for each byte that RFC 6265 §4.1.1 does not allow in one; or as it is.
fn quoted(value: &str) -> String {
    let plain = |byte: u8| matches!(byte, b'!' | b'#'..=b'+' | b'-'..=b':' | b'<'..=b'[' | b']'..=b'~');
    if value.bytes().all(plain) {
        return value.to_owned();
    }
    let mut out = String::from("\"");
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            // Spaces stand in quotes, though the RFC has none: every reader takes them.
            byte if plain(byte) || byte == b' ' => out.push(char::from(byte)),
            byte => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}

/// What stands in quotes: a backslash and three octal digits are a byte of UTF-8, all other bytes are letters.
fn unquoted(inside: &[u8]) -> String {
    let inside = latin(inside).into_bytes();
    let mut out = Vec::with_capacity(inside.len());
    let mut rest = &inside[..];
    while let [first, behind @ ..] = rest {
        rest = behind;
        match (first, behind) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', behind @ ..]) => {
                let octal = [a, b, c].map(|byte| digit(*byte).unwrap_or_default());
                out.push(octal[0] << 6 | octal[1] << 3 | octal[2]);
                rest = behind;
            }
            (b'\\', [escaped, behind @ ..]) => {
                out.push(*escaped);
                rest = behind;
            }
            (byte, _) => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_again() {
        for (value, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a b", "\"a b\""),
            ("1;2", "\"1\\0732\""),
            ("\"\\", "\"\\\"\\\\\""),
            ("é", "\"\\303\\251\""),
        ] {
            assert_eq!(set("k", value, false), format!("k={written}; Path=/"));
            assert_eq!(read(format!("k={written}").as_bytes()), [("k".to_owned(), value.to_owned())]);
        }
        assert_eq!(set("a;b=c\r\n", "v", true), "abc=v; Secure; Path=/");
    }

    #[test]
    fn a_field_has_several() {
        let cookies = read(
            b"a=1; b=\"x y\" ;a=2;; c; d=; =e; f=\"\\;g = h;i j;k=l m;n=\"o;p\\\"\";q=r\"; s=\xe9; t=\"\xe9\\303\\251\"",
        );
        let cookies: Vec<_> = cookies.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [
            ("a", "1"),
            ("b", "x y"),
            ("a", "2"),
            ("c", ""),
            ("d", ""),
            ("g", "h"),
            ("n", "o;p\""),
            ("s", "\u{e9}"),
            ("t", "\u{e9}\u{e9}"),
        ];
        assert_eq!(cookies, expected);
    }
}

//! Cookies, read from a field and written into one (RFC 6265, and the quotes of RFC 2109 that Python still writes).

use super::text::digit;

/// Names and values of a Cookie field, in order.
pub(super) fn read(line: &[u8]) -> Vec<(String, String)> {
    let parts = line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let read = parts.filter(|part| !part.is_empty()).map(|part| {
        let equals = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let value = part.get(equals + 1..).unwrap_or_default().trim_ascii();
        (text(part[..equals].trim_ascii()), text(&unquoted(value)))
    });
    read.collect()
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A name without what would end it.
fn token(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control() && !";=, ".contains(*letter)).collect()
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

fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inside) = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) else {
        return value.to_vec();
    };
    let mut out = Vec::with_capacity(inside.len());
    let mut rest = inside;
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
    out
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
        let cookies = read(b"a=1; b=\"x y\" ;a=2;; c; d=; =e; f=\"\\");
        let cookies: Vec<_> = cookies.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [("a", "1"), ("b", "x y"), ("a", "2"), ("c", ""), ("d", ""), ("", "e"), ("f", "\"\\")];
        assert_eq!(cookies, expected);
    }
}

//! Trailers, as lines and as a map; and what is checked of every field.

use h2::Reason;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The trailers of these lines, which `h1` has found to be well formed. `None` where one cannot be one of HTTP/2.
pub(super) fn read(lines: &[u8]) -> Option<HeaderMap> {
    let mut trailers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        trailers.try_append(name, value).ok()?;
    }
    Some(trailers)
}

/// Checks a field of HTTP/2 beyond what the library does.
///
/// RFC 9113 §8.2.1: "A field value MUST NOT start or end with an ASCII whitespace character".
///
/// # Errors
/// How the stream is to be reset (RFC 9113 §8.1.1).
pub(super) fn check(value: &HeaderValue) -> Result<&[u8], Reason> {
    let bytes = value.as_bytes();
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if is_space(bytes.first()) || is_space(bytes.last()) { Err(Reason::PROTOCOL_ERROR) } else { Ok(bytes) }
}

/// A name and its value.
type Field<'a> = (&'a [u8], &'a [u8]);

/// The fields of a map, in order, checked.
///
/// # Errors
/// As [`check`].
pub(super) fn fields(map: &HeaderMap) -> Result<Vec<Field<'_>>, Reason> {
    map.iter().map(|(name, value)| Ok((name.as_str().as_bytes(), check(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_a_map() {
        for (lines, expected) in [
            ("", Some(vec![])),
            ("Grpc-Status: 0\r\n", Some(vec![("grpc-status", "0")])),
            ("a:1\r\na: 2\r\nB: \r\n", Some(vec![("a", "1"), ("a", "2"), ("b", "")])),
            ("no colon\r\n", None),
        ] {
            let read = read(lines.as_bytes());
            let read = read.as_ref().map(|map| {
                map.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect::<Vec<_>>()
            });
            assert_eq!(read, expected, "{lines:?}");
        }
    }

    #[test]
    fn values_have_no_space_around_them() {
        for (value, expected) in
            [("a", true), ("a b", true), ("", true), (" a", false), ("a\t", false), (" ", false)]
        {
            assert_eq!(check(&HeaderValue::from_static(value)).is_ok(), expected, "{value:?}");
        }
    }
}

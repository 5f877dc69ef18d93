//! Heads of HTTP.

use super::{REDACTED, names::is_secret, url};

/// Schemes of `Authorization` that are told, because they are no secret and say what kind of one there was.
const SCHEMES: [&str; 8] =
    ["apikey", "aws4-hmac-sha256", "basic", "bearer", "digest", "negotiate", "ntlm", "token"];

/// The first line of a message: the query of its target.
pub(crate) fn line(line: &[u8]) -> Option<Vec<u8>> {
    url::redact(line).changed()
}

/// The value of a field, when it may not be kept as it is.
pub(crate) fn field(name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    if is("cookie") {
        return Some(join(value.split(|byte| *byte == b';').map(cookie)));
    }
    if is("set-cookie") {
        let mut parts = value.split(|byte| *byte == b';');
        let first = parts.next().map(cookie).unwrap_or_default();
        return Some(join(std::iter::once(first).chain(parts.map(<[u8]>::to_vec))));
    }
    if !is_secret(name) {
        return value
            .iter()
            .any(|byte| b"?#:".contains(byte))
            .then(|| url::redact(value).changed())
            .flatten();
    }
    let scheme = value.iter().position(|byte| *byte == b' ').map(|end| &value[..end]);
    let told =
        scheme.filter(|scheme| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known.as_bytes())));
    Some(told.map_or_else(|| REDACTED.to_vec(), |scheme| [scheme, b" ", REDACTED].concat()))
}

/// A cookie keeps its name. One without `=` is all value (RFC 6265bis §5.6).
fn cookie(pair: &[u8]) -> Vec<u8> {
    match pair.iter().position(|byte| *byte == b'=') {
        Some(equals) => [&pair[..=equals], REDACTED].concat(),
        None if pair.iter().all(u8::is_ascii_whitespace) => pair.to_vec(),
        None => REDACTED.to_vec(),
    }
}

fn join(parts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    parts.collect::<Vec<_>>().join(&b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lose_their_secrets() {
        for (name, value, expected) in [
            ("Authorization", "Bearer abc", Some("Bearer [redacted]")),
            ("authorization", "abc", Some("[redacted]")),
            ("Authorization", "my secret", Some("[redacted]")),
            ("Proxy-Authorization", "Basic YTpi", Some("Basic [redacted]")),
            ("Cookie", "a=1; sid=xyz", Some("a=[redacted]; sid=[redacted]")),
            ("Cookie", "naked", Some("[redacted]")),
            ("Set-Cookie", "sid=xyz; Path=/; HttpOnly", Some("sid=[redacted]; Path=/; HttpOnly")),
            ("X-Api-Key", "k", Some("[redacted]")),
            ("api-key", "k", Some("[redacted]")),
            ("X-Auth-Token", "k", Some("[redacted]")),
            ("x-amz-security-token", "k", Some("[redacted]")),
            ("Referer", "http://h/?token=k&a=1", Some("http://h/?token=[redacted]&a=1")),
            ("Location", "/cb#access_token=k", Some("/cb#access_token=[redacted]")),
            ("Location", "http://ada:pw@h/", Some("http://ada:[redacted]@h/")),
            ("Host", "h:80", None),
            ("User-Agent", "curl/8.0", None),
            ("Sec-WebSocket-Key", "dGhl", None),
            ("Accept", "*/*", None),
        ] {
            let found = field(name.as_bytes(), value.as_bytes());
            assert_eq!(
                found.as_deref().map(String::from_utf8_lossy),
                expected.map(Into::into),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn the_first_line_loses_secrets_of_its_query() {
        let found = line(b"GET /x?password=a&b=c HTTP/1.1").unwrap();
        assert_eq!(found, b"GET /x?password=[redacted]&b=c HTTP/1.1");
        assert_eq!(line(b"GET /x?a=b HTTP/1.1"), None);
    }
}

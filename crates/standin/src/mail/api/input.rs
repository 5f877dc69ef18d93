//! What a request says: path, query and body.

use serde::de::DeserializeOwned;

use super::answers::refused;
use crate::{
    http::{Answer, Asked, Head, TooLong},
    mail::limits,
};

/// The segments of a path, decoded; the empty ones are left out.
pub(super) fn segments(head: &Head) -> Vec<String> {
    head.path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| decode(segment, false))
        .collect()
}

/// The first value of a parameter of the query.
pub(super) fn parameter(head: &Head, name: &str) -> Option<String> {
    parameters(head.query()).into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
}

/// All parameters of a query, or of a form.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name, true), decode(value, true))
    };
    query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// A number of the query; what is none counts as not there.
pub(super) fn number(head: &Head, name: &str) -> Option<u64> {
    parameter(head, name)?.parse().ok()
}

/// Which piece of a list is asked for: where it starts, and how long it is.
pub(super) fn piece(head: &Head) -> (u64, u64) {
    let limit = number(head, "limit").unwrap_or(50).min(limits::PAGE as u64);
    (number(head, "start").unwrap_or(0), limit)
}

/// The body, up to so many bytes.
pub(super) async fn body(asked: &mut Asked<'_>, most: usize) -> Result<bytes::Bytes, Answer> {
    asked.body.whole(most).await.map_err(|error| {
        let status = if matches!(error, TooLong::Longer(_)) { 413 } else { 400 };
        refused(status, error)
    })
}

/// A document in the body; one that is empty is the default.
pub(super) async fn document<T: DeserializeOwned + Default>(
    asked: &mut Asked<'_>,
    most: usize,
) -> Result<T, Answer> {
    let bytes = body(asked, most).await?;
    if bytes.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    // A list would be read as the fields in their order, and an empty one as all that is usual: everything removed.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(refused(400, "the body is no document of JSON, which begins with {"));
    }
    serde_json::from_slice(&bytes).map_err(|error| refused(400, error))
}

/// Undoes what `%` and, in a query, `+` stand for. What is no UTF-8 then is shown as such.
fn decode(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let hex = hex.filter(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match (first, hex.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &behind[2..];
                continue;
            }
            (b'+', _) if plus => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{decode, parameters};

    #[test]
    fn escapes_are_undone() {
        for (text, plus, expected) in [
            ("a+b%20c", true, "a b c"),
            ("a+b", false, "a+b"),
            ("%C3%BC", false, "ü"),
            ("%zz%4", false, "%zz%4"),
            ("%+1", false, "%+1"),
            ("%ff", false, "\u{fffd}"),
        ] {
            assert_eq!(decode(text, plus), expected, "{text}");
        }
        let expected = [("q", "a=b"), ("x", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(parameters("q=a=b&&x"), expected);
    }
}

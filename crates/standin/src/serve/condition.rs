//! Whether an answer is wanted at all (RFC 9110 §13). Pure.

use std::time::{Duration, SystemTime};

use crate::http::parse_date;

/// What a request says of the version it knows; a field that it has several times is joined with commas.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Conditions<'a> {
    /// `If-Match`.
    pub(super) matches: Option<&'a [u8]>,
    /// `If-None-Match`.
    pub(super) none_match: Option<&'a [u8]>,
    /// `If-Modified-Since`.
    pub(super) modified_since: Option<&'a [u8]>,
    /// `If-Unmodified-Since`.
    pub(super) unmodified_since: Option<&'a [u8]>,
}

/// The version that is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version<'a> {
    /// Its strong entity tag, in quotes; `None` where there is nothing.
    pub(super) tag: Option<&'a str>,
    /// When it was changed.
    pub(super) changed: Option<SystemTime>,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done.
    Proceed,
    /// 304: the client has it.
    NotModified,
    /// 412: it is not what the client believes.
    Failed,
}

/// Judges in the order of RFC 9110 §13.2.2. `reads`: the method is GET or HEAD.
pub(super) fn judge(conditions: &Conditions<'_>, version: &Version<'_>, reads: bool) -> Verdict {
    let changed = version.changed.map(whole_seconds);
    if let Some(value) = conditions.matches {
        if !names(value, version.tag, true) {
            return Verdict::Failed;
        }
    } else if let (Some(since), Some(changed)) = (date(conditions.unmodified_since), changed)
        && changed > since
    {
        return Verdict::Failed;
    }
    if let Some(value) = conditions.none_match {
        return match names(value, version.tag, false) {
            true if reads => Verdict::NotModified,
            true => Verdict::Failed,
            false => Verdict::Proceed,
        };
    }
    match (date(conditions.modified_since), changed) {
        (Some(since), Some(changed)) if reads && changed <= since => Verdict::NotModified,
        _ => Verdict::Proceed,
    }
}

/// Whether the version that a client has parts of is the one that is there, so that it gets the parts it lacks
/// (RFC 9110 §13.1.5).
pub(super) fn is_same(if_range: &[u8], version: &Version<'_>, now: SystemTime) -> bool {
    let value = if_range.trim_ascii();
    if value.starts_with(b"\"") || value.starts_with(b"W/") {
        return tags(value).next() == version.tag.map(|tag| (false, tag.as_bytes()));
    }
    let (Some(since), Some(changed)) = (date(Some(value)), version.changed) else { return false };
    // RFC 9110 §8.8.2.2: a date is strong only where the file cannot have changed again in the same second.
    let old = now.duration_since(changed).is_ok_and(|age| age >= Duration::from_secs(1));
    old && whole_seconds(changed) == since
}

/// Whether a list of entity tags, or `*`, names this one. `strong`: a weak one is never it.
fn names(value: &[u8], tag: Option<&str>, strong: bool) -> bool {
    let Some(tag) = tag else { return false };
    value.trim_ascii() == b"*"
        || tags(value).any(|(weak, named)| named == tag.as_bytes() && !(weak && strong))
}

/// The tags of a list, whether each is weak, in their quotes. It ends at what is no tag.
fn tags(value: &[u8]) -> impl Iterator<Item = (bool, &[u8])> {
    let mut rest = value;
    std::iter::from_fn(move || {
        while let [b' ' | b'\t' | b',', behind @ ..] = rest {
            rest = behind;
        }
        let weak = rest.starts_with(b"W/");
        let quoted = if weak { &rest[2..] } else { rest };
        let inner = quoted.strip_prefix(b"\"")?;
        let end = inner.iter().position(|byte| *byte == b'"')? + 2;
        rest = &quoted[end..];
        Some((weak, &quoted[..end]))
    })
}

fn date(value: Option<&[u8]>) -> Option<SystemTime> {
    parse_date(std::str::from_utf8(value?).ok()?)
}

/// A time as it can be written in a field.
fn whole_seconds(time: SystemTime) -> SystemTime {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs()),
        // What is before the epoch is written as the epoch.
        Err(_) => SystemTime::UNIX_EPOCH,
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict::*, *};
    use crate::http;

    #[test]
    fn the_order_of_rfc_9110() {
        let changed = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
        let at = |seconds: i64| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs((1_700_000_000 + seconds) as u64);
            http::date(time)
        };
        let (before, same, after) = (at(-1), at(0), at(1));
        let (before, same, after) = (before.as_str(), same.as_str(), after.as_str());
        let version = Version { tag: Some("\"a\""), changed: Some(changed) };
        // If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since; of a read, of a write.
        for (fields, read, write) in [
            (["", "", "", ""], Proceed, Proceed),
            (["\"a\"", "", "", ""], Proceed, Proceed),
            (["*", "", "", ""], Proceed, Proceed),
            (["\"b\"", "", "", ""], Failed, Failed),
            (["W/\"a\"", "", "", ""], Failed, Failed),
            (["\"b\", \"a\"", "", "", ""], Proceed, Proceed),
            (["\"b", "", "", ""], Failed, Failed),
            (["\"a\"", before, "", ""], Proceed, Proceed),
            (["", before, "", ""], Failed, Failed),
            (["", same, "", ""], Proceed, Proceed),
            (["", "nonsense", "", ""], Proceed, Proceed),
            (["", "", "\"a\"", ""], NotModified, Failed),
            (["", "", "W/\"a\"", ""], NotModified, Failed),
            (["", "", "\"x,y\" , W/\"b\",\"a\"", ""], NotModified, Failed),
            (["", "", "*", ""], NotModified, Failed),
            (["", "", "\"b\"", after], Proceed, Proceed),
            (["", "", "", same], NotModified, Proceed),
            (["", "", "", after], NotModified, Proceed),
            (["", "", "", before], Proceed, Proceed),
            (["", "", "", "nonsense"], Proceed, Proceed),
            (["\"a\"", "", "\"a\"", ""], NotModified, Failed),
            (["\"b\"", "", "\"a\"", ""], Failed, Failed),
        ] {
            let [matches, unmodified_since, none_match, modified_since] =
                fields.map(|value| (!value.is_empty()).then_some(value.as_bytes()));
            let conditions = Conditions { matches, none_match, modified_since, unmodified_since };
            assert_eq!(judge(&conditions, &version, true), read, "read: {fields:?}");
            assert_eq!(judge(&conditions, &version, false), write, "write: {fields:?}");
        }
        let nothing = Version { tag: None, changed: None };
        let any = Some(&b"*"[..]);
        let only_new = Conditions { none_match: any, ..Conditions::default() };
        let only_old = Conditions { matches: any, ..Conditions::default() };
        assert_eq!(judge(&only_new, &nothing, false), Proceed);
        assert_eq!(judge(&only_old, &nothing, false), Failed);
    }

    #[test]
    fn parts_are_of_one_version() {
        let changed = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
        let version = Version { tag: Some("\"a\""), changed: Some(changed) };
        let later = changed + Duration::from_secs(60);
        let date = http::date(changed);
        for (value, now, expected) in [
            ("\"a\"", later, true),
            ("W/\"a\"", later, false),
            ("\"b\"", later, false),
            (date.as_str(), later, true),
            // It may change again in the same second.
            (date.as_str(), changed + Duration::from_millis(400), false),
            ("Sun, 06 Nov 1994 08:49:37 GMT", later, false),
            ("", later, false),
            ("a", later, false),
        ] {
            assert_eq!(is_same(value.as_bytes(), &version, now), expected, "{value}");
        }
    }
}

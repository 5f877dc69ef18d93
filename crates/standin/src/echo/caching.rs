//! Answers that may be kept.

use std::time::SystemTime;

use super::{Question, made, seen, status};
use crate::http::{Answer, date};

/// `/cache`: 304 to whoever has something, whatever it is.
pub(super) fn cache(question: &Question<'_>, segments: &[&str]) -> Answer {
    let since = question.field("if-modified-since").is_some_and(|value| !value.is_empty());
    if since || question.field("if-none-match").is_some() {
        return status::of(304);
    }
    let etag = made::random_uuid().replace('-', "");
    seen::get(question, segments).with("Last-Modified", date(SystemTime::now())).with("ETag", etag)
}

/// `/cache/{seconds}`
pub(super) fn cache_control(question: &Question<'_>, segments: &[&str]) -> Answer {
    let digits = segments.first().map_or("", |text| text.trim_start_matches('0'));
    let seconds = if digits.is_empty() { "0" } else { digits };
    seen::get(question, segments).with("Cache-Control", format!("public, max-age={seconds}"))
}

/// `/etag/{etag}`: 304 or 412 by If-None-Match and If-Match.
pub(super) fn etag(question: &Question<'_>, segments: &[&str]) -> Answer {
    let etag = segments.first().copied().unwrap_or_default();
    let (none, any) = (tags(question, "if-none-match"), tags(question, "if-match"));
    let names = |tags: &[String]| tags.iter().any(|tag| tag == etag || tag == "*");
    if names(&none) {
        return status::of(304).with("ETag", etag.to_owned());
    }
    if none.is_empty() && !any.is_empty() && !names(&any) {
        return status::of(412);
    }
    seen::get(question, segments).with("ETag", etag.to_owned())
}

/// The tags of a field, without quotes and whether strong or weak.
fn tags(question: &Question<'_>, name: &str) -> Vec<String> {
    let field = question.field(name).unwrap_or_default();
    let tags = field.split(',').map(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag.trim_matches('"').to_owned()
    });
    tags.filter(|_| !field.is_empty()).collect()
}

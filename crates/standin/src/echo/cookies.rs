//! Cookies: shown, set and deleted.

use std::collections::HashSet;

use super::{
    Question,
    cookie::{delete as deleted, set as written},
    json::Json,
    redirects,
    seen::document,
};
use crate::http::Answer;

/// Cookies of services that count visitors of the public server: hidden, unless `show_env` is asked for.
const OF_COUNTERS: &[&str] = &[
    "_gauges_unique",
    "_gauges_unique_year",
    "_gauges_unique_month",
    "_gauges_unique_day",
    "_gauges_unique_hour",
    "__utmz",
    "__utma",
    "__utmb",
];

/// `/cookies`
pub(super) fn cookies(question: &Question<'_>, _: &[&str]) -> Answer {
    let shows = question.args.iter().any(|(name, _)| name == "show_env");
    let (mut cookies, mut known) = (Vec::new(), HashSet::new());
    for (name, value) in question.cookies() {
        let hidden = !shows && OF_COUNTERS.contains(&name.as_str());
        if !hidden && known.insert(name.clone()) {
            cookies.push((name, value));
        }
    }
    document(&Json::map([("cookies", Json::multi(&cookies))]))
}

/// `/cookies/set/{name}/{value}`
pub(super) fn set(question: &Question<'_>, segments: &[&str]) -> Answer {
    match segments {
        [name, value, ..] => to_cookies([written(name, value, question.is_secure())]),
        _ => to_cookies([]),
    }
}

/// `/cookies/set?name=value`
pub(super) fn set_all(question: &Question<'_>, _: &[&str]) -> Answer {
    to_cookies(firsts(question).map(|(name, value)| written(name, value, question.is_secure())))
}

/// `/cookies/delete?name`
pub(super) fn delete(question: &Question<'_>, _: &[&str]) -> Answer {
    to_cookies(firsts(question).map(|(name, _)| deleted(name)))
}

/// Names and values of the query; of several with one name the first.
fn firsts<'a>(question: &'a Question<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let mut known = HashSet::new();
    let pairs = question.args.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    pairs.filter(move |(name, _)| known.insert(*name))
}

fn to_cookies(cookies: impl IntoIterator<Item = String>) -> Answer {
    cookies.into_iter().fold(redirects::to("/cookies"), |answer, cookie| answer.with("Set-Cookie", cookie))
}

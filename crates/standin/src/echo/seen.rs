//! What was asked, said again.

use super::{Question, json::Json, nonsense, posted::Posted};
use crate::http::Answer;

/// `/ip`
pub(super) fn ip(question: &Question<'_>, _: &[&str]) -> Answer {
    document(&Json::map([("origin", question.origin())]))
}

/// `/headers`
pub(super) fn headers(question: &Question<'_>, _: &[&str]) -> Answer {
    document(&Json::map([("headers", question.fields())]))
}

/// `/user-agent`
pub(super) fn user_agent(question: &Question<'_>, _: &[&str]) -> Answer {
    let agent = question.field("user-agent").map_or(Json::Null, Json::from);
    document(&Json::map([("user-agent", agent)]))
}

/// `/get`, and what other routes say when there is nothing to say.
pub(super) fn get(question: &Question<'_>, _: &[&str]) -> Answer {
    document(&basics(question))
}

/// `/post` and its like.
pub(super) fn posted(question: &Question<'_>, _: &[&str]) -> Answer {
    with_body(question, Shown::Json)
}

/// `/anything`
pub(super) fn anything(question: &Question<'_>, _: &[&str]) -> Answer {
    with_body(question, Shown::JsonAndMethod)
}

/// What `/delay` shows.
pub(super) fn delayed(question: &Question<'_>) -> Answer {
    with_body(question, Shown::Plain)
}

/// Address, query, fields and origin, in the order in which `/stream` has them.
pub(super) fn basics<'a>(question: &'a Question<'_>) -> Json<'a> {
    Json::map([
        ("url", question.url()),
        ("args", question.shown_args()),
        ("headers", question.fields()),
        ("origin", question.origin()),
    ])
}

/// A document, over several lines.
pub(super) fn document(json: &Json<'_>) -> Answer {
    Answer::json(200, json.pretty())
}

/// A number of a path or a query, as far as it fits.
///
/// # Errors
/// The answer that says what is wrong.
pub(super) fn whole(text: &str, name: &str) -> Result<u64, Answer> {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    match digits.parse() {
        Ok(number) => Ok(number),
        Err(_) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(u64::MAX),
        Err(_) => Err(nonsense(&format!("`{name}` is no whole number"))),
    }
}

/// [`whole`], where a number below zero is as good as zero.
///
/// # Errors
/// The answer that says what is wrong.
pub(super) fn positive(text: &str, name: &str) -> Result<u64, Answer> {
    let below = text.trim().strip_prefix('-').is_some_and(|digits| whole(digits, name).is_ok());
    if below { Ok(0) } else { whole(text, name) }
}

#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Plain,
    Json,
    JsonAndMethod,
}

fn with_body(question: &Question<'_>, shown: Shown) -> Answer {
    let posted = match Posted::read(question) {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let Json::Map(mut all) = basics(question) else { return Answer::new(500) };
    all.extend([("form", posted.form()), ("data", posted.data()), ("files", posted.files())].map(named));
    if shown != Shown::Plain {
        all.push(named(("json", posted.json())));
    }
    if shown == Shown::JsonAndMethod {
        all.push(named(("method", question.method().into())));
    }
    document(&Json::Map(all))
}

fn named<'a>((name, value): (&'a str, Json<'a>)) -> (std::borrow::Cow<'a, str>, Json<'a>) {
    (name.into(), value)
}

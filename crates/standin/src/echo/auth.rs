//! Routes that only those may see who have the password, which stands in the path: Basic (RFC 7617), and Bearer with
//! any token (RFC 6750).

use super::{HTML, Question, base64, json::Json, seen::document, status};
use crate::http::Answer;

/// `/basic-auth/{user}/{password}`
pub(super) fn basic(question: &Question<'_>, segments: &[&str]) -> Answer {
    admitted(question, segments).unwrap_or_else(|| status::of(401))
}

/// `/hidden-basic-auth/{user}/{password}`: does not say that there is anything.
pub(super) fn hidden(question: &Question<'_>, segments: &[&str]) -> Answer {
    admitted(question, segments).unwrap_or_else(|| status::of(404))
}

/// `/bearer`
pub(super) fn bearer(question: &Question<'_>, _: &[&str]) -> Answer {
    let field = question.field("authorization").unwrap_or_default();
    match field.strip_prefix("Bearer ") {
        Some(token) => document(&Json::map([("authenticated", true.into()), ("token", token.into())])),
        None => Answer::of(401, HTML, "").with("WWW-Authenticate", "Bearer"),
    }
}

/// What those see who may.
pub(super) fn welcome(user: &str) -> Answer {
    document(&Json::map([("authenticated", true.into()), ("user", user.into())]))
}

fn admitted(question: &Question<'_>, segments: &[&str]) -> Option<Answer> {
    let [user, password, ..] = segments else { return None };
    let field = question.field("authorization")?;
    let (scheme, token) = field.split_once(' ')?;
    let given = base64::decode(token.as_bytes())?;
    let expected = format!("{user}:{password}");
    (scheme.eq_ignore_ascii_case("basic") && given == expected.as_bytes()).then(|| welcome(user))
}

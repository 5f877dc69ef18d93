//! `/spec.json`: all routes, for programs, in version 2.0 of Swagger, as httpbin has it.

use std::borrow::Cow;

use super::{Question, json::Json, route::Route, seen::document, table::ROUTES};
use crate::http::Answer;

/// The methods that Swagger can name and that are no matter of course.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];

/// `/spec.json`
pub(super) fn spec(_: &Question<'_>, _: &[&str]) -> Answer {
    let info = Json::map([
        ("title", "navyd echo".into()),
        ("description", "Says what it was asked, and answers as it is told to.".into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
    ]);
    let paths = ROUTES.iter().map(|route| (Cow::from(route.path()), operations(route))).collect();
    document(&Json::map([
        ("swagger", "2.0".into()),
        ("info", info),
        ("basePath", "/".into()),
        ("paths", Json::Map(paths)),
    ]))
}

fn operations(route: &Route) -> Json<'static> {
    let methods = route.methods().filter(|method| METHODS.contains(method)).map(str::to_ascii_lowercase);
    Json::Map(methods.map(|method| (Cow::from(method.clone()), operation(route, &method))).collect())
}

fn operation(route: &Route, method: &str) -> Json<'static> {
    let in_path = route.open().map(|(name, digits)| {
        let kind = if digits { "integer" } else { "string" };
        parameter(name, "path", kind)
    });
    let in_query = route.query().map(|name| parameter(name, "query", "string"));
    let answer = Json::map([("description", route.summary().into())]);
    Json::map([
        ("operationId", name(method, &route.path()).into()),
        ("summary", route.summary().into()),
        ("parameters", Json::List(in_path.chain(in_query).collect())),
        ("responses", Json::map([("default", answer)])),
    ])
}

fn parameter(name: &'static str, place: &'static str, kind: &'static str) -> Json<'static> {
    Json::map([
        ("name", name.into()),
        ("in", place.into()),
        ("required", (place == "path").into()),
        ("type", kind.into()),
    ])
}

/// The method and the path as one word.
fn name(method: &str, path: &str) -> String {
    let word = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    format!("{method}{}", path.replace(['{', '}'], "").chars().map(word).collect::<String>())
}

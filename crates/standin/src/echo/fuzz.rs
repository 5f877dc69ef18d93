//! What fuzzing reaches of parsers that are nobody else's.

use super::{cookie, json, multipart};

/// The parts of a body: the name of each, whether it is a file, and its content.
pub fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<(String, bool, &'a [u8])> {
    let parts = multipart::parts(body, boundary).into_iter();
    parts.map(|part| (part.name, part.file, part.content)).collect()
}

/// The cookies of a field.
pub fn cookies(line: &[u8]) -> Vec<(String, String)> {
    cookie::read(line)
}

/// The field that sets a cookie.
pub fn set_cookie(name: &str, value: &str) -> String {
    cookie::set(name, value, false)
}

/// A value in JSON, written in one line and in several; `None` where it is none.
pub fn json(text: &str) -> Option<(String, String)> {
    json::read(text).map(|json| (json.line(), json.pretty()))
}

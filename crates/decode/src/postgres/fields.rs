//! What ErrorResponse and NoticeResponse say.

use serde_json::{Map, Value};

use super::VALUE;
use crate::{reader::Reader, shown};

/// The fields that are told, by their letters.
const FIELDS: [(u8, &str); 10] = [
    (b'V', "severity"),
    (b'C', "code"),
    (b'M', "message"),
    (b'D', "detail"),
    (b'H', "hint"),
    (b'P', "position"),
    (b's', "schema"),
    (b't', "table"),
    (b'c', "column"),
    (b'n', "constraint"),
];

/// Reads the fields.
pub(super) fn read(body: &[u8]) -> Map<String, Value> {
    let (mut body, mut fields) = (Reader(body), Map::new());
    while let Some(letter) = body.u8().filter(|letter| *letter != 0) {
        let Some(text) = body.zero_ended() else { break };
        if let Some((_, name)) = FIELDS.iter().find(|(known, _)| *known == letter) {
            fields.insert((*name).to_owned(), shown::value(text, VALUE));
        }
    }
    fields
}

/// `42P01: relation "x" does not exist`.
pub(super) fn line(fields: &Map<String, Value>) -> String {
    let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    match (field("code"), field("message")) {
        ("", message) => message.to_owned(),
        (code, message) => format!("{code}: {message}"),
    }
}

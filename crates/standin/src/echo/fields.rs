//! `/response-headers`: an answer with these fields.

use std::collections::{HashMap, HashSet};

use super::{Question, json::Json, redirects::SAFE, text::quoted};
use crate::http::Answer;

/// Fields that the server writes itself: they are shown, and not sent twice.
const OF_THE_SERVER: &[&str] = &["connection", "content-length", "date", "transfer-encoding"];

/// `/response-headers`: each name and value of the query as a field, and in the document all fields that are sent,
/// its own length among them.
pub(super) fn response_headers(question: &Question<'_>, _: &[&str]) -> Answer {
    let text = settled(&question.args);
    let sent = question.args.iter().filter(|(name, _)| is_sendable(name));
    sent.fold(Answer::json(200, text), |answer, (name, value)| {
        // An address is quoted where it could not be one.
        let address = name.eq_ignore_ascii_case("location");
        answer.with(name.clone(), if address { quoted(value, SAFE) } else { value.clone() })
    })
}

/// The document that tells its own length. A longer number makes it longer, which settles after a step or two.
fn settled(args: &[(String, String)]) -> String {
    let mut text = String::new();
    for _ in 0..5 {
        let length = text.len().to_string();
        text = Json::multi(&shown(args, length)).pretty();
    }
    text
}

/// Each name as it was written, with the values of all that are the same name.
fn shown(args: &[(String, String)], length: String) -> Vec<(String, String)> {
    let own =
        [("Content-Length".to_owned(), length), ("Content-Type".to_owned(), "application/json".to_owned())];
    let mut values: HashMap<String, Vec<&str>> = HashMap::new();
    for (name, value) in own.iter().chain(args) {
        values.entry(name.to_ascii_lowercase()).or_default().push(value);
    }
    let mut known = HashSet::new();
    let names = own.iter().chain(args).map(|(name, _)| name).filter(|name| known.insert(*name));
    let pairs = names.flat_map(|name| {
        let same = values.get(&name.to_ascii_lowercase()).into_iter().flatten();
        same.map(|value| (name.clone(), (*value).to_owned()))
    });
    pairs.collect()
}

fn is_sendable(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name.bytes().all(token)
        && !OF_THE_SERVER.iter().any(|known| known.eq_ignore_ascii_case(name))
}

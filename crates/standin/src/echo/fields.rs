//! `/response-headers`: an answer with these fields.

use super::{Question, json::Json};
use crate::http::Answer;

/// Fields that the server writes itself: they are shown, and not sent twice.
const OF_THE_SERVER: &[&str] = &["connection", "content-length", "date", "transfer-encoding"];

/// `/response-headers`: each name and value of the query as a field, and in the document all fields that are sent,
/// its own length among them.
pub(super) fn response_headers(question: &Question<'_>, _: &[&str]) -> Answer {
    let own = ("Content-Type".to_owned(), "application/json".to_owned());
    let mut shown = vec![(String::from("Content-Length"), String::new()), own];
    for (name, value) in &question.args {
        // Names are told apart in whatever case, and shown as they first came.
        let known = shown.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let name = known.map_or(name.clone(), |(known, _)| known.clone());
        shown.push((name, value.clone()));
    }
    let text = settled(&mut shown);
    let sent = question.args.iter().filter(|(name, _)| is_sendable(name));
    sent.fold(Answer::json(200, text), |answer, (name, value)| answer.with(name.clone(), value.clone()))
}

/// The document that tells its own length. A longer number makes it longer, which settles after a step or two.
fn settled(shown: &mut [(String, String)]) -> String {
    let mut text = Json::multi(shown).pretty();
    for _ in 0..4 {
        shown[0].1 = text.len().to_string();
        text = Json::multi(shown).pretty();
    }
    text
}

fn is_sendable(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name.bytes().all(token)
        && !OF_THE_SERVER.iter().any(|known| known.eq_ignore_ascii_case(name))
}

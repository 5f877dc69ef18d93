//! What a server says of a statement that it refused: it repeats values, and shows rows.
//!
//! What was hidden in the statement is hidden here as well. Deliberately absent: the words of a message, which come in any
//! language; codes and signs tell what has values in it.

use std::ops::Range;

use navyd_decode::Spoken;
use serde_json::Value;

use super::{REDACTED, hide, names::is_secret, text};

/// A shorter secret would be found in any text.
const SHORTEST: usize = 3;

/// How many secrets are looked for in a message. That of a statement with more of them is hidden as a whole.
const SOUGHT: usize = 64;

/// Codes of PostgreSQL whose detail shows a whole row: a value that may not be null, a check that failed.
const ROWS: [&str; 2] = ["23502", "23514"];

/// The code of MySQL for a statement it cannot read: the message repeats its rest.
const SYNTAX: &str = "1064";

/// Takes the secrets of a statement, and of the columns that are named, out of what was said of it.
pub(super) fn redact(spoken: &mut Spoken, secrets: &[String]) {
    let code = spoken.details.get("error").and_then(|error| error.get("code")).map(|code| match code {
        Value::String(code) => code.clone(),
        other => other.to_string(),
    });
    if let Some(error) = &mut spoken.error {
        clean(error, secrets, code.as_deref());
    }
    for told in ["error", "notices"] {
        if let Some(told) = spoken.details.get_mut(told) {
            said(told, secrets, code.as_deref());
        }
    }
}

fn said(value: &mut Value, secrets: &[String], code: Option<&str>) {
    match value {
        Value::String(text) => clean(text, secrets, code),
        Value::Array(items) => items.iter_mut().for_each(|item| said(item, secrets, code)),
        Value::Object(fields) => {
            let code = fields
                .get("code")
                .and_then(Value::as_str)
                .map(str::to_owned)
                .or_else(|| code.map(str::to_owned));
            for (name, field) in fields.iter_mut() {
                match name.as_str() {
                    "code" | "state" | "severity" => {}
                    "detail" if code.as_deref().is_some_and(|code| ROWS.contains(&code)) => hide(field),
                    _ => said(field, secrets, code.as_deref()),
                }
            }
        }
        _ => {}
    }
}

fn clean(message: &mut String, secrets: &[String], code: Option<&str>) {
    let hidden = String::from_utf8_lossy(REDACTED).into_owned();
    if code == Some(SYNTAX) && !secrets.is_empty() {
        message.clone_from(&hidden);
        return;
    }
    // Each is looked for in the whole message, so many would take long.
    if secrets.len() > SOUGHT {
        message.clone_from(&hidden);
        return;
    }
    let mut found = Vec::new();
    for secret in secrets {
        // What a decoder has cut off goes on in the message.
        let (known, cut) = secret.strip_suffix('…').map_or((secret.as_str(), false), |known| (known, true));
        let plain = known.replace("''", "'");
        for known in [known, plain.as_str()] {
            if known.len() < SHORTEST {
                continue;
            }
            let before = found.len();
            found.extend(message.match_indices(known).map(|(at, known)| at..at + known.len()));
            if cut && found.len() > before {
                message.clone_from(&hidden);
                return;
            }
        }
    }
    *message = without(message, found);
    if let Some(clean) = keys(message).or_else(|| entry(message)).or_else(|| text(message)) {
        *message = clean;
    }
}

/// The message without these ranges. All are found before any is replaced, since `red` is a part of `[redacted]`, and
/// a secret that is replaced in what stands for others would make the message grow without end.
fn without(message: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let (mut out, mut at) = (String::with_capacity(message.len()), 0);
    for range in found {
        if range.start >= at {
            out.push_str(&message[at..range.start]);
            out.push_str(&String::from_utf8_lossy(REDACTED));
        }
        at = at.max(range.end);
    }
    out.push_str(&message[at..]);
    out
}

/// `Key (name, token)=(ada, x) already exists.` of PostgreSQL: from the values of a key on that has such a column.
fn keys(message: &str) -> Option<String> {
    let mut at = 0;
    while let Some(next) = message[at..].find(")=(") {
        let values = at + next + 3;
        let names = message[..at + next].rfind('(').map_or("", |open| &message[open + 1..at + next]);
        if names.split([',', ' ', '(']).any(|name| is_secret(name.as_bytes())) {
            let end = message[values..].rfind(')').map_or(message.len(), |end| values + end);
            return Some(format!("{}[redacted]{}", &message[..values], &message[end..]));
        }
        at = values;
    }
    None
}

/// `Duplicate entry 'x' for key 'u.token'` of MySQL: the value, where the rest names a secret.
fn entry(message: &str) -> Option<String> {
    let first = message.find('\'')? + 1;
    let end = message.rfind("' for ").filter(|end| *end >= first)?;
    let mut words = message[end..].split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words
        .any(|word| is_secret(word.as_bytes()))
        .then(|| format!("{}[redacted]{}", &message[..first], &message[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_secret_is_hidden() {
        for (message, code, expected) in [
            ("relation \"u\" does not exist", "42P01", "relation \"u\" does not exist"),
            ("Key (token)=(a, b) already exists.", "23505", "Key (token)=([redacted]) already exists."),
            (
                "Key (name, api_key)=(ada, x) is not present",
                "23503",
                "Key (name, api_key)=([redacted]) is not present",
            ),
            ("Key (id)=(1) already exists.", "23505", "Key (id)=(1) already exists."),
            ("column \"hunter2\" does not exist", "42703", "column \"[redacted]\" does not exist"),
            (
                "Duplicate entry 'it's' for key 'u.token'",
                "1062",
                "Duplicate entry '[redacted]' for key 'u.token'",
            ),
            (
                "Incorrect integer value: 'x' for column `d`.`u`.`pin` at row 1",
                "1366",
                "Incorrect integer value: '[redacted]' for column `d`.`u`.`pin` at row 1",
            ),
            ("Duplicate entry '1' for key 'PRIMARY'", "1062", "Duplicate entry '1' for key 'PRIMARY'"),
            ("error near 'hunt' at line 1", "1064", "[redacted]"),
            ("long: aaaabbbb", "1", "[redacted]"),
        ] {
            let mut found = message.to_owned();
            clean(&mut found, &["hunter2".to_owned(), "aaaa…".to_owned(), "er".to_owned()], Some(code));
            assert_eq!(found, expected, "{message}");
        }
    }

    #[test]
    fn a_message_grows_only_by_what_stands_for_its_secrets() {
        let known = ["red", "act", "ted", "red", "act", "acted", "reda"];
        for (message, count, expected) in [
            ("a red act: redacted", 7, "a [redacted] [redacted]: [redacted]"),
            ("reda'", 7, "[redacted]'"),
            ("none", 7, "none"),
            ("none", SOUGHT + 1, "[redacted]"),
        ] {
            let secrets: Vec<String> =
                known.iter().cycle().take(count).map(|known| (*known).to_owned()).collect();
            let mut found = message.to_owned();
            clean(&mut found, &secrets, None);
            assert_eq!(found, expected, "{message}");
        }
    }

    #[test]
    fn a_row_that_is_shown_is_hidden() {
        let row = |code: &str| serde_json::json!({"code": code, "detail": "(1, x)", "message": "m"});
        for (code, expected) in [("23502", "[redacted]"), ("23514", "[redacted]"), ("22P02", "(1, x)")] {
            let mut told = row(code);
            said(&mut told, &[], None);
            assert_eq!(told["detail"], expected, "{code}");
        }
    }
}

//! What is spoken with databases.

use navyd_decode::Spoken;
use navyd_model::exchange::Protocol;
use serde_json::Value;

use super::{REDACTED, Text, names::is_secret};

/// Commands of Redis whose arguments may hold a password, and the word among them that tells so; an empty one: always.
const REDIS: [(&str, &str); 6] = [
    ("AUTH", ""),
    ("ACL", "SETUSER"),
    ("CONFIG", "PASS"),
    ("CONFIG", "MASTERAUTH"),
    ("HELLO", "AUTH"),
    ("MIGRATE", "AUTH"),
];

/// How far behind a secret's name its value may stand in a statement.
const NEAR: usize = 64;

/// Takes the secrets out of an exchange of a protocol that is not HTTP.
pub(crate) fn spoken(spoken: &mut Spoken) {
    let told = |word: &str| contains(&spoken.target, word) || contains(&spoken.details.to_string(), word);
    let redis = spoken.protocol == Protocol::Redis
        && REDIS.iter().any(|(command, word)| {
            spoken.method.to_ascii_uppercase().split(' ').any(|part| part == *command) && told(word)
        });
    if redis {
        spoken.target = hidden();
        strings(&mut spoken.details);
        spoken.pieces.clear();
        return;
    }
    if spoken.protocol == Protocol::Redis {
        named(&spoken.method, &mut spoken.details);
    }
    if matches!(spoken.protocol, Protocol::Postgres | Protocol::Mysql)
        && let Some(target) = statement(&spoken.target)
    {
        spoken.target = target;
    }
    members(&mut spoken.details);
    for piece in &mut spoken.pieces {
        if let Some(text) = piece.text.as_deref().and_then(statement) {
            piece.text = Some(text);
        }
    }
}

/// Hides what a command of Redis gives to a key or field that is named like a secret, or gets from it.
fn named(method: &str, details: &mut Value) {
    let gets = method.to_ascii_uppercase().contains("GET");
    let arguments = details.get_mut("arguments").and_then(Value::as_array_mut);
    let mut is_named = false;
    for argument in arguments.into_iter().flatten() {
        if is_named {
            strings(argument);
        }
        is_named |= names_secret(argument);
    }
    match details.get_mut("reply") {
        Some(reply) if is_named && gets => strings(reply),
        // Without a map in the protocol, each value stands behind its name.
        Some(Value::Array(items)) if gets => {
            for at in 1..items.len() {
                if at % 2 == 1 && names_secret(&items[at - 1]) {
                    strings(&mut items[at]);
                }
            }
        }
        _ => {}
    }
}

fn names_secret(value: &Value) -> bool {
    value.as_str().is_some_and(|name| is_secret(name.as_bytes()))
}

/// A statement without the literals behind names of secrets: `PASSWORD 'x'`, `IDENTIFIED BY 'x'`, `token = 'x'`.
fn statement(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Text::of(bytes);
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == b'\'') {
        let quote = at + next;
        let end = literal(bytes, quote);
        let before = &bytes[at.max(quote.saturating_sub(NEAR))..quote];
        if leads_to_secret(before) {
            out.replace(quote + 1..end.saturating_sub(1).max(quote + 1), REDACTED);
        }
        at = end;
    }
    out.changed().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether the last words before a literal, up to a comma, name a secret. `IDENTIFIED BY` stands for a password.
fn leads_to_secret(before: &[u8]) -> bool {
    let start = before.iter().rposition(|byte| matches!(byte, b',' | b';')).map_or(0, |at| at + 1);
    let mut words = before[start..].split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    words.any(|word| is_secret(word) || word.eq_ignore_ascii_case(b"identified"))
}

/// Behind the literal whose first quote is here. A doubled or escaped quote belongs to it.
fn literal(bytes: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 1,
            b'\'' => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Hides the members that are named like secrets, and the cells of columns that are.
fn members(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(members),
        Value::Object(map) => {
            let secret: Vec<usize> =
                map.get("columns").and_then(Value::as_array).map_or_else(Vec::new, |columns| {
                    let name = |column: &Value| {
                        column
                            .as_str()
                            .or_else(|| column.get("name").and_then(Value::as_str))
                            .map(str::to_owned)
                    };
                    let secret = |column: &Value| name(column).is_some_and(|name| is_secret(name.as_bytes()));
                    (0..columns.len()).filter(|at| secret(&columns[*at])).collect()
                });
            for row in map.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten() {
                for at in &secret {
                    if let Some(cell) = row.get_mut(*at).filter(|cell| !cell.is_null()) {
                        *cell = Value::String(hidden());
                    }
                }
            }
            for (name, member) in map.iter_mut() {
                if is_secret(name.as_bytes()) && !member.is_null() && !member.is_boolean() {
                    *member = Value::String(hidden());
                } else {
                    members(member);
                }
            }
        }
        _ => {}
    }
}

fn strings(value: &mut Value) {
    match value {
        Value::String(text) => *text = hidden(),
        Value::Array(items) => items.iter_mut().for_each(strings),
        Value::Object(map) => map.values_mut().for_each(strings),
        _ => {}
    }
}

fn hidden() -> String {
    String::from_utf8_lossy(REDACTED).into_owned()
}

fn contains(text: &str, word: &str) -> bool {
    word.is_empty() || text.to_ascii_uppercase().contains(word)
}

#[cfg(test)]
mod tests {
    use navyd_decode::Extent;

    use super::*;

    fn said(protocol: Protocol, method: &str, target: &str, details: Value) -> Spoken {
        Spoken {
            protocol,
            started: 0,
            answered: None,
            ended: None,
            extent: Extent::Known,
            method: method.into(),
            target: target.into(),
            error: None,
            sent: 0,
            received: 0,
            details,
            pieces: Vec::new(),
        }
    }

    #[test]
    fn statements_lose_their_passwords() {
        for (text, expected) in [
            ("select 1", None),
            ("alter user ada password 'x''y'", Some("alter user ada password '[redacted]'")),
            (
                "CREATE USER 'ada'@'h' IDENTIFIED BY 'x'",
                Some("CREATE USER 'ada'@'h' IDENTIFIED BY '[redacted]'"),
            ),
            (
                "update u set token = 'x', name = 'ada'",
                Some("update u set token = '[redacted]', name = 'ada'"),
            ),
            ("select * from u where password = '", Some("select * from u where password = '[redacted]")),
            ("select 'a', 'b'", None),
        ] {
            assert_eq!(statement(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn commands_lose_their_passwords() {
        for (method, target, hides) in [
            ("AUTH", "default pw", true),
            ("HELLO", "3 AUTH a pw", true),
            ("HELLO", "3", false),
            ("GET", "auth", false),
        ] {
            let details = serde_json::json!({"arguments": target.split(' ').collect::<Vec<_>>()});
            let mut told = said(Protocol::Redis, method, target, details);
            spoken(&mut told);
            assert_eq!(
                !told.details.to_string().contains(target.split(' ').next_back().unwrap()),
                hides,
                "{method}"
            );
            assert_eq!(told.target == "[redacted]", hides, "{method}");
        }
    }

    #[test]
    fn values_of_keys_and_fields_that_are_named_so_are_hidden() {
        use serde_json::json;
        let hidden = "[redacted]";
        for (method, arguments, reply, told_arguments, told_reply) in [
            ("SET", json!(["session:1", "x"]), json!("OK"), json!(["session:1", hidden]), json!("OK")),
            ("GET", json!(["session:1"]), json!("x"), json!(["session:1"]), json!(hidden)),
            ("HSET", json!(["u:1", "password", "x"]), json!(1), json!(["u:1", "password", hidden]), json!(1)),
            ("HGET", json!(["u:1", "password"]), json!("x"), json!(["u:1", "password"]), json!(hidden)),
            (
                "HGETALL",
                json!(["u:1"]),
                json!(["name", "ada", "password", "x"]),
                json!(["u:1"]),
                json!(["name", "ada", "password", hidden]),
            ),
            ("MGET", json!(["a", "b"]), json!(["1", "2"]), json!(["a", "b"]), json!(["1", "2"])),
            ("SET", json!(["a", "token"]), json!("OK"), json!(["a", "token"]), json!("OK")),
        ] {
            let details = json!({"arguments": arguments, "reply": reply});
            let mut told = said(Protocol::Redis, method, "", details);
            spoken(&mut told);
            assert_eq!(told.details, json!({"arguments": told_arguments, "reply": told_reply}), "{method}");
        }
    }

    #[test]
    fn cells_of_secret_columns_are_hidden() {
        let details = serde_json::json!({"columns": [{"name": "id"}, {"name": "password"}], "rows": [[1, "x"], [2, null]]});
        let mut told = said(Protocol::Postgres, "query", "select * from u", details);
        spoken(&mut told);
        assert_eq!(told.details["rows"], serde_json::json!([[1, "[redacted]"], [2, null]]));
    }
}

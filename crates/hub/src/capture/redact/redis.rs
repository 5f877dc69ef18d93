//! Commands of Redis, and what it answers.
//!
//! Passwords of the server go with everything that is told of their command. A key or a field that is named like a secret
//! hides what is given to it and what it gives back, JSON within values what JSON hides. Biased towards hiding: in a
//! transaction the fields that were asked for are not known, so what any field gave is hidden.

use navyd_decode::Spoken;
use serde_json::Value;

use super::{REDACTED, hide, names::is_secret};

/// Commands whose arguments may hold a password, and the word among them that tells so; an empty one: always.
const PASSWORDS: [(&str, &str); 10] = [
    ("AUTH", ""),
    ("ACL", "GENPASS"),
    ("ACL", "GETUSER"),
    ("ACL", "LIST"),
    ("ACL", "SETUSER"),
    ("CONFIG", "AUTH"),
    ("CONFIG", "PASS"),
    ("HELLO", "AUTH"),
    ("MIGRATE", "AUTH"),
    ("SENTINEL", "PASS"),
];

/// Commands that answer names and values in turn.
const IN_TURN: [&str; 2] = ["CONFIG GET", "HGETALL"];

/// Takes the secrets out of a command and its reply.
pub(super) fn command(spoken: &mut Spoken) {
    let method = spoken.method.to_ascii_uppercase();
    if method == "MONITOR" {
        if let Some(line) = monitored(&spoken.target) {
            spoken.target = line;
        }
        return;
    }
    let told = |word: &str| {
        contains(&method, word)
            || contains(&spoken.target, word)
            || contains(&spoken.details.to_string(), word)
    };
    if PASSWORDS.iter().any(|(command, word)| method.split(' ').any(|part| part == *command) && told(word)) {
        spoken.target = String::from_utf8_lossy(REDACTED).into_owned();
        strings(&mut spoken.details);
        spoken.pieces.clear();
        return;
    }
    named(&method, &mut spoken.details);
}

/// Hides what a command gives to a key or field that is named like a secret, or gets from it.
fn named(method: &str, details: &mut Value) {
    let gets = method.contains("GET");
    let arguments = details.get_mut("arguments").and_then(Value::as_array_mut);
    let mut is_named = false;
    for argument in arguments.into_iter().flatten() {
        if is_named {
            strings(argument);
        }
        is_named |= names_secret(argument);
    }
    let queued: Vec<String> = details
        .get("commands")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|command| command.as_str().unwrap_or_default().to_owned())
        .collect();
    match details.get_mut("reply") {
        Some(reply) if is_named && (gets || method.contains("POP") || method.contains("RANGE")) => {
            strings(reply);
        }
        Some(Value::Array(replies)) if method == "EXEC" => {
            for (command, reply) in queued.iter().zip(replies) {
                let (name, key) = command.split_once(' ').unwrap_or((command, ""));
                let of_field = name.starts_with('H') && name.contains("GET") && name != "HGETALL";
                if of_field || is_secret(key.as_bytes()) && reply.as_str().is_none_or(|reply| reply != "OK") {
                    strings(reply);
                } else {
                    in_turn(name, reply, true);
                }
            }
        }
        Some(reply) => in_turn(method, reply, true),
        None => {}
    }
}

/// Without a map in the protocol, each value stands behind its name: in what some commands answer, and in lists within
/// lists, as entries of streams and slow commands are.
fn in_turn(method: &str, value: &mut Value, outermost: bool) {
    let Value::Array(items) = value else { return };
    let pairs = !outermost || IN_TURN.contains(&method);
    for at in 0..items.len() {
        if pairs && at > 0 && names_secret(&items[at - 1]) {
            strings(&mut items[at]);
        } else {
            in_turn(method, &mut items[at], false);
        }
    }
}

/// A line of MONITOR, `1700000000.1 [0 127.0.0.1:1] "SET" "session:1" "x"`: what stands behind a secret's name.
fn monitored(line: &str) -> Option<String> {
    let mut at = 0;
    for (number, part) in line.split('"').enumerate() {
        at += part.len() + 1;
        let is_password = ["AUTH", "requirepass", "masterauth", "SETUSER"]
            .iter()
            .any(|word| part.eq_ignore_ascii_case(word));
        if number % 2 == 1 && (is_password || is_secret(part.as_bytes())) && at < line.len() {
            return Some(format!("{} [redacted]", &line[..at]));
        }
    }
    None
}

fn names_secret(value: &Value) -> bool {
    value.as_str().is_some_and(|name| is_secret(name.as_bytes()))
}

fn strings(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strings),
        Value::Object(map) => map.values_mut().for_each(strings),
        Value::String(_) | Value::Number(_) => hide(value),
        _ => {}
    }
}

fn contains(text: &str, word: &str) -> bool {
    word.is_empty() || text.to_ascii_uppercase().contains(word)
}

#[cfg(test)]
mod tests {
    use navyd_model::exchange::Protocol;
    use serde_json::json;

    use super::*;

    fn said(method: &str, target: &str, details: Value) -> Spoken {
        Spoken { details, ..Spoken::new(Protocol::Redis, 0, method, target) }
    }

    #[test]
    fn commands_lose_their_passwords() {
        for (method, target, hides) in [
            ("AUTH", "default pw", true),
            ("HELLO", "3 AUTH a pw", true),
            ("HELLO", "3", false),
            ("GET", "auth", false),
            ("CONFIG SET", "requirepass pw", true),
            ("CONFIG SET", "primaryauth pw", true),
            ("CONFIG GET", "maxmemory", false),
            ("ACL SETUSER", "ada >pw", true),
            ("ACL GENPASS", "pw", true),
            ("ACL WHOAMI", "x", false),
            ("MIGRATE", "h 1 k 0 9 AUTH pw", true),
            ("MIGRATE", "h 1 k 0 9", false),
            ("SENTINEL SET", "m auth-pass pw", true),
        ] {
            let details = json!({"arguments": target.split(' ').collect::<Vec<_>>()});
            let mut told = said(method, target, details);
            command(&mut told);
            let last = target.split(' ').next_back().unwrap();
            assert_eq!(!told.details.to_string().contains(last), hides, "{method}");
            assert_eq!(told.target == "[redacted]", hides, "{method}");
        }
    }

    #[test]
    fn values_of_keys_and_fields_that_are_named_so_are_hidden() {
        let h = "[redacted]";
        for (method, arguments, reply, told_arguments, told_reply) in [
            ("SET", json!(["session:1", "x"]), json!("OK"), json!(["session:1", h]), json!("OK")),
            ("GET", json!(["session:1"]), json!("x"), json!(["session:1"]), json!(h)),
            ("GETDEL", json!(["session:1"]), json!("x"), json!(["session:1"]), json!(h)),
            ("LPOP", json!(["session:1"]), json!("x"), json!(["session:1"]), json!(h)),
            ("LRANGE", json!(["token", "0", "1"]), json!(["x"]), json!(["token", h, h]), json!([h])),
            ("HSET", json!(["u:1", "password", "x"]), json!(1), json!(["u:1", "password", h]), json!(1)),
            ("HGET", json!(["u:1", "password"]), json!("x"), json!(["u:1", "password"]), json!(h)),
            (
                "HGETALL",
                json!(["u:1"]),
                json!(["name", "ada", "password", "x"]),
                json!(["u:1"]),
                json!(["name", "ada", "password", h]),
            ),
            (
                "XRANGE",
                json!(["s", "-", "+"]),
                json!([["1-0", ["a", "b", "token", "x"]]]),
                json!(["s", "-", "+"]),
                json!([["1-0", ["a", "b", "token", h]]]),
            ),
            ("KEYS", json!(["*"]), json!(["session:1", "b"]), json!(["*"]), json!(["session:1", "b"])),
            ("MGET", json!(["a", "b"]), json!(["1", "2"]), json!(["a", "b"]), json!(["1", "2"])),
            ("SET", json!(["a", "token"]), json!("OK"), json!(["a", "token"]), json!("OK")),
        ] {
            let mut told = said(method, "", json!({"arguments": arguments, "reply": reply}));
            command(&mut told);
            assert_eq!(told.details, json!({"arguments": told_arguments, "reply": told_reply}), "{method}");
        }
    }

    #[test]
    fn what_a_transaction_gives_back_is_hidden_by_its_commands() {
        let commands = ["GET a", "GET session:1", "HGET u", "HGETALL u", "SET session:1"];
        let reply = json!(["1", "x", "y", ["pin", "z"], "OK"]);
        let mut told = said("EXEC", "", json!({"commands": commands, "reply": reply}));
        command(&mut told);
        let h = "[redacted]";
        assert_eq!(told.details["reply"], json!(["1", h, h, ["pin", h], "OK"]));
    }

    #[test]
    fn what_is_monitored_is_hidden_behind_the_name() {
        for (line, expected) in [
            ("1.1 [0 h:1] \"GET\" \"a\"", "1.1 [0 h:1] \"GET\" \"a\""),
            ("1.1 [0 h:1] \"SET\" \"session:1\" \"x\"", "1.1 [0 h:1] \"SET\" \"session:1\" [redacted]"),
            (
                "1.1 [0 h:1] \"CONFIG\" \"set\" \"requirepass\" \"x\"",
                "1.1 [0 h:1] \"CONFIG\" \"set\" \"requirepass\" [redacted]",
            ),
        ] {
            let mut told = said("monitor", line, Value::Null);
            command(&mut told);
            assert_eq!(told.target, expected);
        }
    }
}

//! What is spoken with databases.
//!
//! A secret is known by the name it stands for: in a statement (`sql`), a parameter, a column of an answer, a key of Redis
//! (`redis`); and what was hidden there is hidden in what the server says of it (`refusal`). Deliberately absent: columns
//! that a statement gives another name.

use navyd_decode::Spoken;
use navyd_model::exchange::Protocol;
use serde_json::Value;

use super::{
    hide,
    names::is_secret,
    redis, refusal,
    sql::{self, Dialect},
    text,
};

/// Takes the secrets out of an exchange of a protocol that is not HTTP.
pub(crate) fn spoken(spoken: &mut Spoken) {
    match spoken.protocol {
        Protocol::Redis => redis::command(spoken),
        Protocol::Postgres => statement(spoken, Dialect::Postgres),
        Protocol::Mysql => statement(spoken, Dialect::Mysql),
        _ => {}
    }
    members(&mut spoken.details);
    for piece in &mut spoken.pieces {
        if let Some(clean) = piece.text.as_deref().and_then(text) {
            piece.text = Some(clean);
        }
    }
}

/// The statement, what was given for its parameters, and what a refusal repeats of them.
fn statement(spoken: &mut Spoken, dialect: Dialect) {
    let found = sql::redact(&spoken.target, dialect);
    let mut secrets = found.secrets.clone();
    let parameters = spoken.details.get_mut("parameters").and_then(Value::as_array_mut);
    for (at, parameter) in parameters.into_iter().flatten().enumerate() {
        if found.may_tell(at) || parameter.is_null() || parameter.as_str().is_some_and(is_rest) {
            continue;
        }
        secrets.push(parameter.as_str().map_or_else(|| parameter.to_string(), str::to_owned));
        hide(parameter);
    }
    if let Some(clean) = found.text {
        spoken.target = clean;
    }
    refusal::redact(spoken, &secrets);
}

/// Whether this says how many parameters were not kept: `… 3 more`.
fn is_rest(text: &str) -> bool {
    let count = text.strip_prefix("… ").and_then(|text| text.strip_suffix(" more"));
    count.is_some_and(|count| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()))
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
                        hide(cell);
                    }
                }
            }
            for (name, member) in map.iter_mut() {
                if is_secret(name.as_bytes()) && !member.is_null() && !member.is_boolean() {
                    hide(member);
                } else {
                    members(member);
                }
            }
        }
        Value::String(string) => {
            if let Some(clean) = text(string) {
                *string = clean;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use navyd_decode::Spoken;
    use serde_json::json;

    use super::*;

    fn said(protocol: Protocol, target: &str, details: Value) -> Spoken {
        Spoken { details, ..Spoken::new(protocol, 0, "execute", target) }
    }

    #[test]
    fn cells_of_secret_columns_are_hidden() {
        let results = json!([{"columns": [{"name": "id"}, {"name": "password"}, {"name": "data"}],
            "rows": [[1, "x", "{\"token\":\"y\"}"], [2, null, "z"]]}]);
        let mut told = said(Protocol::Postgres, "select * from u", json!({"results": results}));
        spoken(&mut told);
        let rows = json!([[1, "[redacted]", "{\"token\":\"[redacted]\"}"], [2, null, "z"]]);
        assert_eq!(told.details["results"][0]["rows"], rows);
    }

    #[test]
    fn parameters_are_told_by_the_place_they_have_in_the_statement() {
        use Protocol::{Mysql, Postgres};
        let h = "[redacted]";
        for (protocol, target, given, expected) in [
            (Postgres, "update u set password = $2 where id = $1", json!(["1", "x"]), json!(["1", h])),
            (
                Postgres,
                "insert into u (a, token) values ($1, $2), ($3, $4)",
                json!(["a", "b", "c", null]),
                json!(["a", h, "c", null]),
            ),
            (Postgres, "select * from u where name = $1", json!(["ada"]), json!(["ada"])),
            (Postgres, "statement `s1`, which was not seen", json!(["x"]), json!([h])),
            (Postgres, "select $1", json!(["a", "… 3 more"]), json!(["a", "… 3 more"])),
            (Mysql, "insert into u (a, `password`) values (?, ?)", json!(["a", "x"]), json!(["a", h])),
            (Mysql, "select '?', ? from u where pin = ?", json!(["a", "12"]), json!(["a", h])),
            (Mysql, "select 1", json!(["attribute"]), json!([h])),
        ] {
            let mut told = said(protocol, target, json!({"parameters": given}));
            spoken(&mut told);
            assert_eq!(told.details["parameters"], expected, "{target}");
        }
    }
}

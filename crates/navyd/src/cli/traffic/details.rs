//! What a protocol says beyond request and response, as lines: parameters, results in columns, errors.
//!
//! It reads names that decoders give and knows no protocol: what it does not know is shown as JSON. Deliberately
//! absent: cutting; decoders have bounded what they tell.

use serde_json::{Map, Value};

use super::body;
use crate::out::{Text, Tone};

/// The widest that a cell of a result is shown.
const CELL: usize = 48;

/// The lines of details; none for `null`.
pub(super) fn lines(details: &Value) -> Vec<Text> {
    match details {
        Value::Null => Vec::new(),
        Value::Object(object) => object.iter().flat_map(|(name, value)| member(name, value)).collect(),
        other => plain(other),
    }
}

fn member(name: &str, value: &Value) -> Vec<Text> {
    match (name, value) {
        ("results", Value::Array(results)) => results.iter().flat_map(result).collect(),
        ("parameters", Value::Array(values)) => {
            let parameter = |(at, value): (usize, &Value)| labelled(&format!("${}", at + 1), &scalar(value));
            values.iter().enumerate().map(parameter).collect()
        }
        (name, Value::Object(object)) if object.values().all(is_scalar) => {
            let row = |(key, value): (&String, &Value)| labelled(&format!("{name}.{key}"), &scalar(value));
            object.iter().map(row).collect()
        }
        (name, Value::Array(values)) if values.iter().all(is_scalar) => {
            let values: Vec<String> = values.iter().map(scalar).collect();
            vec![labelled(name, &values.join(" "))]
        }
        (name, value) if is_scalar(value) => vec![labelled(name, &scalar(value))],
        (name, value) => std::iter::once(Text::of(Tone::Dim, name)).chain(plain(value)).collect(),
    }
}

/// A result: its rows below its columns, and what the server says of it.
fn result(result: &Value) -> Vec<Text> {
    let Value::Object(result) = result else { return plain(result) };
    let mut lines = rows(result).unwrap_or_default();
    let shown = result.get("rows").and_then(Value::as_array).map_or(0, Vec::len) as u64;
    let all = result.get("row_count").and_then(Value::as_u64).unwrap_or(shown);
    let mut told = result.get("tag").map(scalar).unwrap_or_default();
    if all > shown {
        told = format!("{told} ({} of {all} rows are kept)", shown).trim_start().to_owned();
    }
    if !told.is_empty() {
        lines.push(Text::of(Tone::Dim, told));
    }
    let known = ["columns", "rows", "row_count", "tag"];
    for (name, value) in result.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
        lines.extend(member(name, value));
    }
    lines
}

/// Rows below the names of their columns, each column as wide as it needs.
fn rows(result: &Map<String, Value>) -> Option<Vec<Text>> {
    let columns = result.get("columns")?.as_array()?;
    let name = |column: &Value| Text::of(Tone::Dim, scalar(column.get("name").unwrap_or(column)));
    let mut table: Vec<Vec<Text>> = vec![columns.iter().map(name).collect()];
    for row in result.get("rows").and_then(Value::as_array).into_iter().flatten() {
        table.push(row.as_array().into_iter().flatten().map(cell).collect());
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| table.iter().filter_map(|row| row.get(at)).map(Text::width).max().unwrap_or(0))
        .collect();
    let line = |row: Vec<Text>| {
        let last = row.len().saturating_sub(1);
        row.into_iter().enumerate().fold(Text::default(), |line, (at, cell)| {
            let spare = widths.get(at).copied().unwrap_or(0).saturating_sub(cell.width());
            let line = line.append(cell);
            if at == last { line } else { line.then(Tone::Plain, " ".repeat(spare + 2)) }
        })
    };
    Some(table.into_iter().map(line).collect())
}

fn cell(value: &Value) -> Text {
    match value {
        Value::Null => Text::of(Tone::Dim, "null"),
        value => {
            let text = scalar(value);
            let cut = text.char_indices().nth(CELL).map(|(at, _)| format!("{}…", &text[..at]));
            Text::plain(cut.unwrap_or(text))
        }
    }
}

fn labelled(label: &str, value: &str) -> Text {
    Text::of(Tone::Dim, format!("{label:<9}")).then(Tone::Plain, format!(" {value}"))
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn plain(value: &Value) -> Vec<Text> {
    body::readable(&value.to_string()).iter().map(Text::plain).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_rows_and_errors_are_lines() {
        for (details, expected) in [
            (json!(null), ""),
            (json!({"parameters": ["7", null]}), "$1        7\n$2        null"),
            (
                json!({"results": [{
                    "columns": [{"name": "id", "type": "int4"}, {"name": "name", "type": "text"}],
                    "rows": [["1", "a\u{1b}[2J"], ["22", null]], "row_count": 40, "tag": "SELECT 40"}]}),
                "id  name\n1   a\\x1b[2J\n22  null\nSELECT 40 (2 of 40 rows are kept)",
            ),
            (json!({"results": [{"tag": "INSERT 0 1"}]}), "INSERT 0 1"),
            (
                json!({"error": {"code": "42P01", "message": "no such table"}}),
                "error.code 42P01\nerror.message no such table",
            ),
            (
                json!({"arguments": ["HGETALL", "cart:7"], "reply": {"a": "1"}}),
                "arguments HGETALL cart:7\nreply.a   1",
            ),
            (json!({"commands": [{"a": 1}]}), "commands\n[\n  {\n    \"a\": 1\n  }\n]"),
        ] {
            let look = crate::out::Look::default();
            let drawn: Vec<String> = lines(&details).iter().map(|line| line.show(&look)).collect();
            assert_eq!(drawn.join("\n"), expected, "{details}");
        }
    }
}

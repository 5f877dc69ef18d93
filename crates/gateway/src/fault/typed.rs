//! Faults as people write them, in flags and in files: a kind, its fields, and numbers with their units.
//!
//! Deliberately absent: whether a value fits its field, which [`super::check`] says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    FAULTS,
    leaf::{Field, Kind, Leaf, Unit},
};

/// What stands for a kind whose first field is not written: `--timeout`, `timeout = true`.
pub const BARE: &str = "";

/// Why what was written is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// No kind is among the names.
    #[error("no kind of fault is named")]
    NoKind,
    /// A name is no field of the kind.
    #[error("`{name}` does not go with `{kind}`")]
    Field {
        /// The name.
        name: String,
        /// The kind.
        kind: &'static str,
        /// What goes with it, in backticks.
        known: String,
    },
    /// A value is not written as its field's unit wants it.
    #[error("`{given}` is no value of `{name}`")]
    Value {
        /// The name, as it was written.
        name: String,
        /// What was written.
        given: String,
        /// How it is written.
        example: &'static str,
    },
}

/// The kind that these names mean: the one that is no field of another. `body` is a kind, and what `status` says.
pub fn kind(names: &[&str]) -> Option<&'static Leaf> {
    let kinds: Vec<&Leaf> = FAULTS.iter().filter(|leaf| names.contains(&leaf.name)).collect();
    let takes =
        |leaf: &Leaf, name: &str| leaf.name != name && leaf.fields.iter().any(|field| field.name == name);
    kinds.iter().find(|leaf| !kinds.iter().any(|other| takes(other, leaf.name))).copied()
}

/// A kind and its attributes, from names and what is written for them.
///
/// # Errors
/// When there is no kind, a name does not go with it, or a value is not written in its unit.
pub fn read(written: &[(String, String)]) -> Result<(&'static Leaf, BTreeMap<String, Value>), Unclear> {
    let names: Vec<&str> = written.iter().map(|(name, _)| name.as_str()).collect();
    let leaf = kind(&names).ok_or(Unclear::NoKind)?;
    let mut attributes = BTreeMap::new();
    for (name, typed) in written {
        let is_kind = name == leaf.name;
        let field = match is_kind {
            true => leaf.fields.first(),
            false => leaf.fields.iter().find(|field| field.name == name),
        };
        let Some(field) = field else {
            if is_kind {
                continue;
            }
            let known: Vec<String> =
                leaf.fields.iter().skip(1).map(|field| format!("`{}`", field.name)).collect();
            let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
            return Err(Unclear::Field { name: name.clone(), kind: leaf.name, known });
        };
        if typed != BARE {
            let wrong = |example| Unclear::Value { name: name.clone(), given: typed.clone(), example };
            attributes.insert(field.name.to_owned(), value(field, typed).map_err(wrong)?);
        }
    }
    Ok((leaf, attributes))
}

/// A value as the gateway reads it: numbers in the unit of their field.
///
/// # Errors
/// How such a value is written.
pub fn value(field: &Field, typed: &str) -> Result<Value, &'static str> {
    let number = match (field.kind, field.unit) {
        (Kind::Flag, _) => return Ok(Value::Bool(typed != "false")),
        (Kind::Choice(_) | Kind::Text, _) => return Ok(Value::from(typed)),
        (Kind::Number { .. }, Unit::Milliseconds) => scaled(typed, TIMES),
        (Kind::Number { .. }, Unit::Microseconds) => scaled(typed, TIMES).map(|ms| ms * 1000.0),
        (Kind::Number { .. }, Unit::Bytes) => scaled(typed, SIZES),
        (Kind::Number { .. }, Unit::BytesPerSecond) => scaled(typed.trim_end_matches("/s"), SIZES),
        (Kind::Number { .. }, Unit::None) => typed.parse().ok(),
    };
    number.and_then(serde_json::Number::from_f64).map(whole).ok_or(match field.unit {
        Unit::Milliseconds | Unit::Microseconds => "200ms, 1.5s or 500us",
        Unit::Bytes => "512, 4kb or 1mib",
        Unit::BytesPerSecond => "512, 50kb or 1mib, in a second",
        Unit::None => "a number",
    })
}

/// Units of time, in milliseconds.
const TIMES: &[(&str, f64)] =
    &[("us", 0.001), ("µs", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0), ("h", 3_600_000.0)];

/// Units of size, in bytes.
const SIZES: &[(&str, f64)] = &[
    ("", 1.0),
    ("b", 1.0),
    ("k", 1000.0),
    ("kb", 1000.0),
    ("kib", 1024.0),
    ("mb", 1e6),
    ("mib", 1_048_576.0),
    ("gb", 1e9),
    ("gib", 1_073_741_824.0),
];

/// A number with its unit.
fn scaled(typed: &str, units: &[(&str, f64)]) -> Option<f64> {
    let end = typed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(typed.len());
    let (number, unit) = typed.split_at(end);
    if unit.is_empty() && number.parse() == Ok(0.0) {
        return Some(0.0); // nothing is nothing in every unit
    }
    let unit = unit.to_ascii_lowercase();
    let scale = units.iter().find_map(|(name, scale)| (*name == unit).then_some(scale))?;
    number.parse::<f64>().ok().map(|number| number * scale)
}

/// A number without a fraction is written without one.
fn whole(number: serde_json::Number) -> Value {
    match number.as_f64() {
        Some(float) if float.fract() == 0.0 && (0.0..9e15).contains(&float) => Value::from(float as u64),
        _ => Value::Number(number),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_becomes_a_kind_and_its_attributes() {
        for (written, expected) in [
            ("latency=200ms", Ok(("latency", json!({"latency": 200})))),
            (
                "jitter=50ms latency=1.5s distribution=normal",
                Ok(("latency", json!({"latency": 1500, "jitter": 50, "distribution": "normal"}))),
            ),
            ("bandwidth=50kb shared=true", Ok(("bandwidth", json!({"rate": 50_000, "shared": true})))),
            ("timeout=", Ok(("timeout", json!({})))),
            ("black_hole=", Ok(("black_hole", json!({})))),
            ("body=later status=503", Ok(("status", json!({"status": 503, "body": "later"})))),
            ("body=later", Ok(("body", json!({"text": "later"})))),
            ("jitter=5ms", Err("no kind of fault is named")),
            ("latency=200", Err("`200` is no value of `latency`")),
            ("latency=1ms reset=", Err("`reset` does not go with `latency`")),
            ("latency=1ms latency_of=5", Err("`latency_of` does not go with `latency`")),
        ] {
            let pairs: Vec<(String, String)> = written
                .split(' ')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let read = read(&pairs).map_err(|unclear| unclear.to_string());
            let read = read.map(|(leaf, attributes)| (leaf.name, serde_json::to_value(attributes).unwrap()));
            assert_eq!(read, expected.map_err(str::to_owned), "{written}");
        }
    }
}

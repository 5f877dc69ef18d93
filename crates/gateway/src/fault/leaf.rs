//! What a kind of fault is called, which fields it takes, and how what was written becomes what it does.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::condition::Condition;

/// The longest time that a field takes, in milliseconds: a day.
pub(super) const DAY: f64 = 86_400_000.0;

/// The most bytes that a field takes: every whole number up to here is exact in JSON.
pub(super) const MOST_BYTES: f64 = 9_007_199_254_740_991.0;

/// A kind of fault.
pub struct Leaf {
    /// Its name: `latency`.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// What it is laid on.
    pub layer: Layer,
    /// What it takes.
    pub fields: &'static [Field],
    pub(super) compile: fn(&Values) -> Result<Box<dyn Condition>, Wrong>,
}

/// What a fault is laid on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Streams of bytes, and the connections that carry them.
    Stream,
    /// Datagrams.
    Datagram,
    /// Either.
    Both,
    /// Exchanges of HTTP.
    Http,
}

/// One attribute of a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it means, in one line.
    pub help: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What is written for it.
    pub kind: Kind,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: it is a word, a flag or a plain number.
    None,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Bytes.
    Bytes,
    /// Bytes in a second.
    BytesPerSecond,
}

/// What is written for a field, and what it is when nothing is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number within these bounds, both included; without a default it must be given.
    Number {
        /// The least.
        least: f64,
        /// The most.
        most: f64,
        /// When nothing is written.
        default: Option<f64>,
        /// Whether it has no fraction.
        whole: bool,
    },
    /// One of these words; the first when nothing is written.
    Choice(&'static [&'static str]),
    /// Yes or no; no when nothing is written.
    Flag,
    /// Any text; none when nothing is written.
    Text,
}

/// Why attributes are refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Wrong {
    /// There is no such field.
    #[error("has no field `{field}`; it takes {known}")]
    Unknown {
        /// What was written.
        field: String,
        /// The fields that there are.
        known: String,
    },
    /// A field must be given, and was not.
    #[error("needs the field `{0}`")]
    Missing(&'static str),
    /// A value is of another kind, or out of its range.
    #[error("takes for `{field}` {expected}, and not `{given}`")]
    Value {
        /// The field.
        field: &'static str,
        /// What it takes.
        expected: String,
        /// What was written.
        given: String,
    },
}

/// Every field of a fault with its value: as written, or its default.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, Resolved>);

#[derive(Debug)]
enum Resolved {
    Number(f64, Unit),
    Word(&'static str),
    Flag(bool),
    Text(String),
}

impl Field {
    /// A time in milliseconds, 0 when it is not given.
    pub(super) const fn time(name: &'static str, help: &'static str) -> Self {
        let kind = Kind::Number { least: 0.0, most: DAY, default: Some(0.0), whole: false };
        Self { name, help, unit: Unit::Milliseconds, kind }
    }

    /// A number of bytes from `least` on.
    pub(super) const fn bytes(
        name: &'static str,
        help: &'static str,
        least: f64,
        default: Option<f64>,
    ) -> Self {
        let kind = Kind::Number { least, most: MOST_BYTES, default, whole: true };
        Self { name, help, unit: Unit::Bytes, kind }
    }

    /// A text.
    pub(super) const fn text(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: Unit::None, kind: Kind::Text }
    }

    /// Yes or no.
    pub(super) const fn flag(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: Unit::None, kind: Kind::Flag }
    }
}

impl Values {
    /// Holds what was written against the fields.
    pub(super) fn read(fields: &[Field], written: &BTreeMap<String, Value>) -> Result<Self, Wrong> {
        if let Some(field) = written.keys().find(|key| !fields.iter().any(|field| field.name == key.as_str()))
        {
            let names: Vec<_> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(Wrong::Unknown { field: field.clone(), known });
        }
        let resolved = fields.iter().map(|field| Ok((field.name, resolve(field, written.get(field.name))?)));
        resolved.collect::<Result<_, _>>().map(Self)
    }

    /// The number of a field.
    pub(super) fn number(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(Resolved::Number(number, _)) => *number,
            _ => 0.0,
        }
    }

    /// The number of a field that is whole.
    pub(super) fn whole(&self, name: &str) -> u64 {
        self.number(name) as u64
    }

    /// The time of a field.
    pub(super) fn time(&self, name: &str) -> Duration {
        match self.0.get(name) {
            Some(Resolved::Number(number, Unit::Microseconds)) => Duration::from_secs_f64(number / 1e6),
            Some(Resolved::Number(number, _)) => Duration::from_secs_f64(number / 1e3),
            _ => Duration::ZERO,
        }
    }

    /// The word that was chosen.
    pub(super) fn word(&self, name: &str) -> &'static str {
        match self.0.get(name) {
            Some(Resolved::Word(word)) => word,
            _ => "",
        }
    }

    /// The text of a field.
    pub(super) fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Resolved::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether a flag is set.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Resolved::Flag(true)))
    }
}

fn resolve(field: &Field, written: Option<&Value>) -> Result<Resolved, Wrong> {
    let written = written.filter(|value| !value.is_null());
    let wrong = |expected: String| {
        let given = written.map(Value::to_string).unwrap_or_default();
        Wrong::Value { field: field.name, expected, given: given.chars().take(80).collect() }
    };
    match (field.kind, written) {
        (Kind::Number { default, .. }, None) => {
            default.map(|number| Resolved::Number(number, field.unit)).ok_or(Wrong::Missing(field.name))
        }
        (Kind::Number { least, most, whole, .. }, Some(value)) => {
            let fits = |number: &f64| (least..=most).contains(number) && (!whole || number.fract() == 0.0);
            let number = value.as_f64().filter(fits);
            let noun = if whole { "a whole number" } else { "a number" };
            number
                .map(|number| Resolved::Number(number, field.unit))
                .ok_or_else(|| wrong(format!("{noun} from {least} to {most}")))
        }
        (Kind::Choice(words), None) => Ok(Resolved::Word(words.first().copied().unwrap_or_default())),
        (Kind::Choice(words), Some(value)) => {
            let word = words.iter().find(|word| value.as_str() == Some(word));
            let names: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            word.map(|word| Resolved::Word(word)).ok_or_else(|| wrong(format!("one of {}", names.join(", "))))
        }
        (Kind::Text, None) => Ok(Resolved::Text(String::new())),
        (Kind::Text, Some(value)) => {
            let text = value.as_str().map(str::to_owned);
            text.map(Resolved::Text).ok_or_else(|| wrong("a text".to_owned()))
        }
        (Kind::Flag, None) => Ok(Resolved::Flag(false)),
        (Kind::Flag, Some(value)) => {
            value.as_bool().map(Resolved::Flag).ok_or_else(|| wrong("`true` or `false`".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: &[Field] = &[
        Field::time("delay", "a time"),
        Field::bytes("bytes", "a count", 1.0, None),
        Field { name: "how", help: "a word", unit: Unit::None, kind: Kind::Choice(&["one", "two"]) },
        Field::flag("now", "a flag"),
    ];

    #[test]
    fn what_is_written_becomes_values_or_names_the_field_that_is_wrong() {
        for (written, expected) in [
            (json!({"bytes": 3}), Ok((0, 3, "one", false))),
            (json!({"bytes": 3.0, "delay": 1.5, "how": "two", "now": true}), Ok((1500, 3, "two", true))),
            (json!({"bytes": 3, "delay": null}), Ok((0, 3, "one", false))),
            (json!({}), Err("needs the field `bytes`")),
            (
                json!({"bytes": 0}),
                Err("takes for `bytes` a whole number from 1 to 9007199254740991, and not `0`"),
            ),
            (
                json!({"bytes": 1.5}),
                Err("takes for `bytes` a whole number from 1 to 9007199254740991, and not `1.5`"),
            ),
            (
                json!({"bytes": "3"}),
                Err("takes for `bytes` a whole number from 1 to 9007199254740991, and not `\"3\"`"),
            ),
            (
                json!({"bytes": 3, "delay": -1}),
                Err("takes for `delay` a number from 0 to 86400000, and not `-1`"),
            ),
            (
                json!({"bytes": 3, "how": "three"}),
                Err("takes for `how` one of `one`, `two`, and not `\"three\"`"),
            ),
            (json!({"bytes": 3, "now": 1}), Err("takes for `now` `true` or `false`, and not `1`")),
            (json!({"byte": 3}), Err("has no field `byte`; it takes `delay`, `bytes`, `how`, `now`")),
        ] {
            let written: BTreeMap<String, Value> = serde_json::from_value(written).unwrap();
            let read = Values::read(FIELDS, &written).map_err(|wrong| wrong.to_string());
            let read = read.map(|values| {
                let micros = values.time("delay").as_micros();
                (micros, values.whole("bytes"), values.word("how"), values.flag("now"))
            });
            assert_eq!(read, expected.map_err(str::to_owned), "{written:?}");
        }
    }
}

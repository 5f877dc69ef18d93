//! The kinds of faults and their fields as flags, made from the gateway's list.
//!
//! A kind is a flag whose value is its first field, which says what it is about: `--latency 200ms`. The other fields are
//! flags of their own, which several kinds may share: `--jitter 50ms`. A number has its unit: 200ms, 50kb. Deliberately
//! absent: whether a value fits its field, which the gateway knows and says.

use std::{collections::BTreeMap, sync::OnceLock};

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, FromArgMatches, error::ErrorKind};
use navyd_gateway::fault::{FAULTS, Field, Kind as Written, Leaf, Unit, typed};
use serde_json::Value;

use crate::out::Failure;

/// A kind with what was typed for its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its name.
    pub(super) name: &'static str,
    /// The fields that were typed; without a value where a flag alone was.
    typed: Vec<(&'static str, String)>,
}

/// What stands for a flag without its value.
const BARE: &str = "";

impl Kind {
    /// The attributes, as the gateway reads them.
    pub(super) fn attributes(&self) -> Result<BTreeMap<String, Value>, Failure> {
        let leaf = FAULTS.iter().find(|leaf| leaf.name == self.name);
        let fields = leaf.map_or(&[][..], |leaf| leaf.fields);
        let mut attributes = BTreeMap::new();
        for (name, typed) in &self.typed {
            let Some(field) = fields.iter().find(|field| field.name == *name) else {
                let known: Vec<String> =
                    fields.iter().map(|field| format!("`--{}`", long(field.name))).collect();
                let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                return Err(Failure::new(format!(
                    "`--{}` does not go with `--{}`",
                    long(name),
                    long(self.name)
                ))
                .cause(format!("that takes {known}"))
                .hint("navyd fault add --help"));
            };
            if typed != BARE || matches!(field.kind, Written::Flag) {
                attributes.insert((*name).to_owned(), value(field, typed)?);
            }
        }
        Ok(attributes)
    }
}

impl clap::Args for Kind {
    fn augment_args(command: clap::Command) -> clap::Command {
        let command = FAULTS.iter().fold(command, |command, leaf| command.arg(kind_flag(leaf)));
        let names = FAULTS.iter().map(|leaf| leaf.name);
        let command = command.group(ArgGroup::new("kind").args(names).required(true).multiple(true));
        fields().into_iter().fold(command, |command, field| command.arg(field_flag(field)))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Kind {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_typed =
            |name: &str| matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine);
        let kinds: Vec<&Leaf> = FAULTS.iter().filter(|leaf| is_typed(leaf.name)).collect();
        // `--body` is a kind, and what `--status` says.
        let Some(leaf) = typed::kind(&kinds.iter().map(|leaf| leaf.name).collect::<Vec<_>>()) else {
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, "no kind of fault is named"));
        };
        let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
        let mut typed = Vec::new();
        if let Some(main) = leaf.fields.first() {
            typed.push((main.name, text(leaf.name)));
        }
        let others = kinds.iter().filter(|other| other.name != leaf.name);
        typed.extend(others.map(|other| (other.name, text(other.name))));
        for field in fields().into_iter().filter(|field| is_typed(field.name)) {
            let value =
                if matches!(field.kind, Written::Flag) { "true".to_owned() } else { text(field.name) };
            typed.push((field.name, value));
        }
        Ok(Self { name: leaf.name, typed })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn kind_flag(leaf: &Leaf) -> Arg {
    let arg = Arg::new(leaf.name).long(long(leaf.name)).help(leaf.help).help_heading("Kinds, one of them");
    match leaf.fields.first() {
        Some(field) if !matches!(field.kind, Written::Flag) => {
            arg.num_args(0..=1).default_missing_value(BARE).value_name(shape(field))
        }
        _ => arg.num_args(0).default_missing_value(BARE).action(ArgAction::Set),
    }
}

fn field_flag(field: &'static Field) -> Arg {
    let arg = Arg::new(field.name).long(long(field.name)).help(field.help).help_heading("Fields of kinds");
    match field.kind {
        Written::Flag => arg.action(ArgAction::SetTrue),
        Written::Choice(words) => arg.value_name(shape(field)).value_parser(words.to_vec()),
        Written::Number { .. } | Written::Text => arg.value_name(shape(field)),
    }
}

/// The fields that are flags of their own: those for which no kind's flag stands, each once.
fn fields() -> Vec<&'static Field> {
    let mut fields: Vec<&'static Field> = Vec::new();
    for leaf in FAULTS {
        for field in leaf.fields.iter().skip(1) {
            let is_kind = FAULTS.iter().any(|leaf| leaf.name == field.name);
            if !is_kind && !fields.iter().any(|known| known.name == field.name) {
                fields.push(field);
            }
        }
    }
    fields
}

/// What is typed for a field.
fn shape(field: &Field) -> &'static str {
    match (field.kind, field.unit) {
        (_, Unit::Milliseconds | Unit::Microseconds) => "TIME",
        (_, Unit::Bytes) => "SIZE",
        (_, Unit::BytesPerSecond) => "SIZE/s",
        (Written::Choice(_), _) => "WORD",
        (Written::Text, _) => "TEXT",
        _ => "N",
    }
}

/// The name as a flag is typed: with hyphens. They live as long as the program, because clap keeps them.
fn long(name: &'static str) -> &'static str {
    static NAMES: OnceLock<BTreeMap<&'static str, String>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let fields = FAULTS.iter().flat_map(|leaf| leaf.fields).map(|field| field.name);
        let all = FAULTS.iter().map(|leaf| leaf.name).chain(fields);
        all.map(|name| (name, name.replace('_', "-"))).collect()
    });
    names.get(name).map_or(name, String::as_str)
}

/// A value as the gateway reads it: numbers in the unit of their field.
fn value(field: &Field, typed: &str) -> Result<Value, Failure> {
    typed::value(field, typed).map_err(|example| {
        Failure::new(format!("`{typed}` is no value of `{}`", field.name))
            .cause(format!("it is written as {example}"))
            .hint("navyd fault add --help")
    })
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};
    use serde_json::json;

    use super::*;

    fn typed(line: &str) -> Result<Kind, String> {
        let command = Kind::augment_args(Command::new("add"));
        let words = std::iter::once("add").chain(line.split_whitespace());
        let matches = command.try_get_matches_from(words).map_err(|error| error.to_string())?;
        Kind::from_arg_matches(&matches).map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_and_field_is_a_flag() {
        for leaf in FAULTS {
            let kind = typed(&format!("--{}", long(leaf.name))).unwrap();
            assert_eq!(kind.name, leaf.name);
        }
        assert!(typed("").is_err());
    }

    #[test]
    fn flags_become_attributes() {
        for (line, kind, expected) in [
            ("--latency 200ms", "latency", json!({"latency": 200})),
            (
                "--latency 1.5s --jitter 50ms --distribution normal",
                "latency",
                json!({"latency": 1500, "jitter": 50, "distribution": "normal"}),
            ),
            ("--latency 500us", "latency", json!({"latency": 0.5})),
            ("--bandwidth 50kb --shared", "bandwidth", json!({"rate": 50_000, "shared": true})),
            ("--bandwidth 1MiB/s", "bandwidth", json!({"rate": 1_048_576})),
            ("--timeout", "timeout", json!({})),
            ("--reset 500ms --spoken", "reset", json!({"timeout": 500, "spoken": true})),
            ("--limit-data 4kib", "limit_data", json!({"bytes": 4096})),
            ("--black-hole", "black_hole", json!({})),
            ("--slicer 8 --delay 1ms", "slicer", json!({"average_size": 8, "delay": 1000})),
            ("--status 503 --body later", "status", json!({"status": 503, "body": "later"})),
            ("--body later", "body", json!({"text": "later"})),
            ("--header X-Shop --remove", "header", json!({"name": "X-Shop", "remove": true})),
        ] {
            let read = typed(line).unwrap();
            let attributes = read.attributes().unwrap();
            assert_eq!((read.name, serde_json::to_value(attributes).unwrap()), (kind, expected), "{line}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_said() {
        for (line, part) in [
            ("--latency 200", "`200` is no value of `latency`"),
            ("--latency soon", "`soon` is no value of `latency`"),
            ("--bandwidth 5x", "`5x` is no value of `rate`"),
            ("--latency 1ms --reset", "`--reset` does not go with `--latency`"),
            ("--timeout 1s --jitter 5ms", "`--jitter` does not go with `--timeout`"),
        ] {
            let failure = typed(line).unwrap().attributes().unwrap_err();
            assert!(failure.to_string().contains(part), "{line}: {failure}");
        }
    }
}

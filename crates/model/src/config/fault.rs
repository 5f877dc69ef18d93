//! `[faults.NAME]`: what is laid on the routes of a project, as written.
//!
//! Which kinds there are, and what they take, the gateway knows; here a key of a kind is a text with its place.

use std::{collections::BTreeMap, ops::Range};

use toml::de::{DeTable, DeValue};

use super::{
    keys::FAULT,
    mistake::Source,
    reader::{Item, Section, text},
};
use crate::{fault::Direction, target::shown};

/// A fault as it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultSpec {
    /// Unique in its project.
    pub name: String,
    /// Services, and where routes begin; empty for every route of the project.
    pub routes: Vec<String>,
    /// The keys of its kind with what is written for them: `latency` and `200ms`. A key that is `true` alone is empty.
    pub kind: Vec<(String, String)>,
    /// A profile instead of a kind.
    pub profile: Option<String>,
    /// Which way the bytes go that it hits.
    pub direction: Direction,
    /// The share that it hits; whole when nothing is written.
    pub toxicity: Option<f64>,
    /// Which exchanges it hits, in the filter language.
    pub when: Option<String>,
    /// When it is on.
    pub schedule: Option<String>,
    /// Where each key stands in the text, in bytes; the table itself under an empty name.
    pub places: BTreeMap<String, Range<usize>>,
}

impl FaultSpec {
    /// Where a key stands, or the table where it has none.
    pub fn place(&self, key: &str) -> Range<usize> {
        self.places.get(key).or_else(|| self.places.get("")).cloned().unwrap_or(0..0)
    }
}

/// Keys that are the same for every kind.
const COMMON: [&str; 7] = ["route", "profile", "direction", "toxicity", "when", "schedule", "enabled"];

/// Reads one; `None` when it is not enabled.
pub(super) fn read(
    source: &mut Source<'_>,
    name: &str,
    at: &Range<usize>,
    table: &DeTable<'_>,
) -> Option<FaultSpec> {
    let section = Section::read(source, table, &FAULT, format!("faults.{name}"));
    let mut spec = FaultSpec { name: name.to_owned(), ..FaultSpec::default() };
    spec.places.insert(String::new(), at.clone());
    for key in FAULT.keys {
        if let Some(item) = section.item(key.name) {
            spec.places.insert(key.name.to_owned(), item.span());
        }
    }
    let said = |source: &mut Source<'_>, name: &str| Some(section.item(name)?.text(source)?.to_owned());
    spec.profile = said(source, "profile");
    spec.when = said(source, "when");
    spec.schedule = said(source, "schedule");
    if let Some(item) = section.item("route") {
        spec.routes = item.texts(source).into_iter().map(|(route, _)| route.to_owned()).collect();
    }
    if let Some(item) = section.item("direction") {
        match text(item.value()) {
            Some("up") => spec.direction = Direction::Up,
            Some("down") => spec.direction = Direction::Down,
            Some("both") => spec.direction = Direction::Both,
            _ => item.wrong(source, "is none of them"),
        }
    }
    if let Some(item) = section.item("toxicity") {
        let share = number(item.value()).and_then(|number| number.parse::<f64>().ok());
        match share.filter(|share| (0.0..=1.0).contains(share)) {
            Some(share) => spec.toxicity = Some(share),
            None => item.wrong(source, "is no share"),
        }
    }
    // What is written wrongly is a kind as well: one mistake is told of it.
    let mut does = false;
    for key in FAULT.keys.iter().filter(|key| !COMMON.contains(&key.name)) {
        let Some(item) = section.item(key.name) else { continue };
        does |= !matches!(item.value(), DeValue::Boolean(false));
        if let Some(value) = written(source, &item) {
            spec.kind.push((key.name.to_owned(), value));
        }
    }
    let enabled = section.item("enabled").and_then(|item| item.flag(source)).unwrap_or(true);
    if section.item("profile").is_some() == does {
        let (what, expected) = match does {
            true => ("has a `profile` and a kind of its own", "one of them"),
            false => ("says not what it does", "a kind such as `latency`, or a `profile`"),
        };
        source.mistake(at, format!("`faults.{}` {what}", shown(name)), expected, "latency = \"200ms\"");
    }
    enabled.then_some(spec)
}

/// What is written for a key of a kind; `None` when it is `false`, or wrong.
fn written(source: &mut Source<'_>, item: &Item<'_>) -> Option<String> {
    match item.value() {
        DeValue::Boolean(flag) => flag.then(String::new),
        DeValue::String(_) => item.text(source).map(str::to_owned),
        other => match number(other) {
            Some(number) => Some(number),
            None => {
                item.wrong_kind(source);
                None
            }
        },
    }
}

/// A number in decimal digits.
fn number(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(_) => super::reader::number(value).map(|number| number.to_string()),
        DeValue::Float(number) => Some(number.as_str().replace('_', "")),
        _ => None,
    }
}

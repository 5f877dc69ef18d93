//! JSON as httpbin writes it: two spaces for each level, names in order, everything in ASCII.
//!
//! Numbers keep the digits they came with, where Python would keep them too: what a client sent is said again, and not
//! what would fit into a double. Deliberately absent: types of ours, since all that is written here came from outside.

mod read;
mod write;

use std::{borrow::Cow, collections::HashMap};

pub(super) use read::read;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    /// None.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as it is written.
    Number(Cow<'a, str>),
    /// A text.
    Text(Cow<'a, str>),
    /// A text that no text of ours can hold, in quotes, as it is written.
    Written(String),
    /// Several values.
    List(Vec<Json<'a>>),
    /// Values with names, in the order in which one line has them.
    Map(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Names and their values.
    pub(super) fn map(values: impl IntoIterator<Item = (&'a str, Json<'a>)>) -> Self {
        Self::Map(values.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// Each name once, where it first stood, with a list of its values where it has several.
    pub(super) fn multi(pairs: &'a [(String, String)]) -> Self {
        let mut values: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        let mut places = HashMap::new();
        for (name, value) in pairs {
            let place = *places.entry(name).or_insert(values.len());
            let value = Json::Text(value.into());
            match values.get_mut(place) {
                None => values.push((name.into(), value)),
                Some((_, Json::List(list))) => list.push(value),
                Some((_, first)) => *first = Json::List(vec![first.clone(), value]),
            }
        }
        Self::Map(values)
    }
}

impl<'a> From<&'a str> for Json<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Json<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Json<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

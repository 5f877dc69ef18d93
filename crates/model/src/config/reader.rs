//! Values of a TOML document, each with its place.
//!
//! Reading never stops at a mistake: what is wrong is noted, and `None` or a default stands in for it until the
//! whole is refused.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    keys::{Key, Table},
    mistake::Source,
    near::nearest,
};
use crate::target::shown;

/// A key and its value, as written.
pub(super) struct Entry<'d> {
    pub(super) name: &'d str,
    pub(super) at: Range<usize>,
    pub(super) value: &'d Spanned<DeValue<'d>>,
}

/// The known entries of a table.
pub(super) struct Section<'d> {
    path: String,
    known: &'static Table,
    entries: Vec<Entry<'d>>,
}

/// A value under a known key.
pub(super) struct Item<'d> {
    pub(super) key: &'static Key,
    path: String,
    value: &'d Spanned<DeValue<'d>>,
}

/// The entries of a table in the order in which they are written.
pub(super) fn entries<'d>(table: &'d DeTable<'d>) -> Vec<Entry<'d>> {
    let entry = |(name, value): (&'d Spanned<_>, _)| {
        let text: &'d std::borrow::Cow<'d, str> = name.get_ref();
        Entry { name: text, at: name.span(), value }
    };
    let mut entries: Vec<_> = table.iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.at.start);
    entries
}

impl<'d> Section<'d> {
    /// Reads a table, and notes the keys that it cannot have.
    pub(super) fn read(
        source: &mut Source<'_>,
        table: &'d DeTable<'d>,
        known: &'static Table,
        path: impl Into<String>,
    ) -> Self {
        let path = path.into();
        let (entries, unknown): (Vec<_>, Vec<_>) =
            entries(table).into_iter().partition(|entry| known.key(entry.name).is_some());
        for entry in unknown {
            let what = format!("`{}` is no key of `{}`", shown(entry.name), known.heading);
            let names: Vec<_> = known.keys.iter().map(|key| key.name).collect();
            let expected = format!("one of `{}`", names.join("`, `"));
            let meant = known
                .keys
                .iter()
                .find(|key| key.known_as.contains(&entry.name))
                .or_else(|| known.key(nearest(entry.name, names.iter().copied())?));
            let hint = meant.map_or("navyd up --help", |key| key.example);
            let expected = meant.map_or(expected, |key| format!("`{}`, which is {}", key.name, key.expects));
            source.mistake(&entry.at, what, expected, hint);
        }
        Self { path, known, entries }
    }

    /// The value of a key.
    pub(super) fn item(&self, name: &str) -> Option<Item<'d>> {
        let entry = self.entries.iter().find(|entry| entry.name == name)?;
        let path =
            if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", shown(&self.path)) };
        Some(Item { key: self.known.key(name)?, path, value: entry.value })
    }

    /// The first two entries that exclude each other, among these keys.
    pub(super) fn several(&self, names: &[&str]) -> Option<(&Entry<'d>, &Entry<'d>)> {
        let mut found = self.entries.iter().filter(|entry| names.contains(&entry.name));
        Some((found.next()?, found.next()?))
    }
}

impl<'d> Item<'d> {
    /// Where the value is written.
    pub(super) fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// The value with its place.
    pub(super) fn spanned(&self) -> &'d Spanned<DeValue<'d>> {
        self.value
    }

    /// The value itself.
    pub(super) fn value(&self) -> &'d DeValue<'d> {
        self.value.get_ref()
    }

    /// Notes that the value is not what is expected: `what` follows the key's name.
    pub(super) fn wrong(&self, source: &mut Source<'_>, what: &str) {
        let what = format!("`{}` {what}", self.path);
        source.mistake(&self.span(), what, self.key.expects, self.key.example);
    }

    /// Notes that the value is of the wrong kind.
    pub(super) fn wrong_kind(&self, source: &mut Source<'_>) {
        self.wrong(source, &format!("is {}", kind(self.value())));
    }

    /// A text that is not empty.
    pub(super) fn text(&self, source: &mut Source<'_>) -> Option<&'d str> {
        match text(self.value()) {
            Some(text) if text.is_empty() || text.contains('\0') => {
                self.wrong(source, if text.is_empty() { "is empty" } else { "has a zero byte in it" });
                None
            }
            Some(text) => Some(text),
            None => {
                self.wrong_kind(source);
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, source: &mut Source<'_>) -> Option<bool> {
        match self.value() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => {
                self.wrong_kind(source);
                None
            }
        }
    }

    /// One text, or a list of them, with their places.
    pub(super) fn texts(&self, source: &mut Source<'_>) -> Vec<(&'d str, Range<usize>)> {
        let DeValue::Array(array) = self.value() else {
            return self.text(source).map(|text| (text, self.span())).into_iter().collect();
        };
        let mut texts = Vec::new();
        for value in array.iter() {
            match text(value.get_ref()) {
                Some(text) if !text.contains('\0') => texts.push((text, value.span())),
                _ => {
                    let what = format!("`{}` has {} in its list", self.path, kind(value.get_ref()));
                    source.mistake(&value.span(), what, self.key.expects, self.key.example);
                }
            }
        }
        texts
    }

    /// A table with known keys.
    pub(super) fn section(&self, source: &mut Source<'_>, known: &'static Table) -> Option<Section<'d>> {
        let table = self.table(source)?;
        Some(Section::read(source, table, known, self.path.clone()))
    }

    /// A table.
    pub(super) fn table(&self, source: &mut Source<'_>) -> Option<&'d DeTable<'d>> {
        match self.value() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.wrong_kind(source);
                None
            }
        }
    }
}

/// A value as a text, when it is one.
pub(super) fn text<'d>(value: &'d DeValue<'d>) -> Option<&'d str> {
    match value {
        DeValue::String(text) => Some(text),
        _ => None,
    }
}

/// A whole number, when the value is one.
pub(super) fn number(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}

/// What a value is, with its article.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

//! In which order a folder is listed: pure.

use std::cmp::Ordering;

use super::Entry;

/// By what it is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Name,
    Size,
    Modified,
}

/// By what, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) key: Key,
    pub(super) down: bool,
}

/// All keys, as they are written in an address.
pub(super) const KEYS: [(Key, &str); 3] =
    [(Key::Name, "name"), (Key::Size, "size"), (Key::Modified, "modified")];

impl Order {
    /// From a query such as `sort=size&order=desc`; what is unknown there is as if it were not.
    pub(super) fn parse(query: &str) -> Self {
        let mut order = Self { key: Key::Name, down: false };
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match key {
                "sort" => {
                    let known = KEYS.iter().find(|(_, name)| *name == value);
                    order.key = known.map_or(order.key, |(key, _)| *key);
                }
                "order" => order.down = value == "desc",
                _ => {}
            }
        }
        order
    }

    /// Folders first, then by the key, then by name; numbers in names count as numbers.
    pub(super) fn sort(self, entries: &mut [Entry]) {
        entries.sort_by(|one, other| {
            let folders = other.facts.folder.cmp(&one.facts.folder);
            let key = match self.key {
                Key::Name => natural(&one.name, &other.name),
                Key::Size => one.facts.length.cmp(&other.facts.length),
                Key::Modified => one.facts.changed.cmp(&other.facts.changed),
            };
            let key = if self.down { key.reverse() } else { key };
            folders.then(key).then_with(|| natural(&one.name, &other.name))
        });
    }
}

/// As people sort names: without case, and `9` before `10`.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (first, second) = (left.chars().next(), right.chars().next());
        let (Some(first), Some(second)) = (first, second) else {
            return first.is_some().cmp(&second.is_some()).then_with(|| one.cmp(other));
        };
        let parted = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (mine, yours) = (digits(left), digits(right));
            (left, right) = (&left[mine.len()..], &right[yours.len()..]);
            let (mine, yours) = (mine.trim_start_matches('0'), yours.trim_start_matches('0'));
            mine.len().cmp(&yours.len()).then_with(|| mine.cmp(yours))
        } else {
            (left, right) = (&left[first.len_utf8()..], &right[second.len_utf8()..]);
            first.to_lowercase().cmp(second.to_lowercase())
        };
        if parted.is_ne() {
            return parted;
        }
    }
}

fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::root::{Entry, Facts},
        *,
    };

    fn entry(name: &str, folder: bool, length: u64) -> Entry {
        Entry { name: name.to_owned(), facts: Facts { folder, length, changed: None, number: 0 } }
    }

    #[test]
    fn people_find_what_they_look_for() {
        for (query, expected) in [
            ("", "src B a2 a10 c"),
            ("sort=name&order=desc", "src B c a10 a2"),
            ("sort=size", "src B a10 c a2"),
            ("sort=size&order=desc", "src B a2 c a10"),
            ("sort=nonsense&&x", "src B a2 a10 c"),
        ] {
            let mut entries = vec![
                entry("a10", false, 1),
                entry("c", false, 2),
                entry("a2", false, 3),
                entry("B", true, 0),
                entry("src", true, 0),
            ];
            Order::parse(query).sort(&mut entries);
            let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
            let folders = if query == "sort=name&order=desc" { "src B" } else { "B src" };
            let expected = expected.replacen("src B", folders, 1);
            assert_eq!(names.join(" "), expected, "{query}");
        }
    }

    #[test]
    fn numbers_count_as_numbers() {
        for (one, other, expected) in [
            ("a9", "a10", Ordering::Less),
            ("a09", "a9", Ordering::Less),
            ("A", "a", Ordering::Less),
            ("a", "B", Ordering::Less),
            ("a", "ab", Ordering::Less),
            ("x99999999999999999999", "x100000000000000000000", Ordering::Less),
            ("é", "é", Ordering::Equal),
        ] {
            assert_eq!(natural(one, other), expected, "{one} {other}");
        }
    }
}

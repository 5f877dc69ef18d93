//! What was planted, and what was found of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ids;

/// Compares what was found with what was planted, and keeps every difference.
#[derive(Default)]
pub(super) struct Score {
    planted: usize,
    found: usize,
    listeners: usize,
    clean: usize,
    missed: Vec<String>,
    wrong: Vec<String>,
}

impl Score {
    /// One listener: the checks that must find something there, and what they found.
    pub(super) fn row(&mut self, name: &str, expected: &[&str], findings: &[Value]) {
        let expected = expected.iter().map(|&id| id.to_owned()).collect();
        self.compare(name, &expected, &ids(findings), findings);
    }

    /// The same where more than the number of the check counts.
    pub(super) fn compare(
        &mut self,
        name: &str,
        expected: &BTreeSet<String>,
        found: &BTreeSet<String>,
        said: &[Value],
    ) {
        self.planted += expected.len();
        self.found += expected.intersection(found).count();
        self.listeners += 1;
        self.clean += usize::from(expected.is_empty());
        self.missed.extend(expected.difference(found).map(|id| format!("{name}: {id}, of {said:?}")));
        self.wrong.extend(found.difference(expected).map(|id| format!("{name}: {id}, of {said:?}")));
    }

    /// Both together.
    pub(super) fn add(&mut self, other: Self) {
        self.planted += other.planted;
        self.found += other.found;
        self.listeners += other.listeners;
        self.clean += other.clean;
        self.missed.extend(other.missed);
        self.wrong.extend(other.wrong);
    }

    /// Prints recall and false positives; fails unless all was found, and nothing else.
    pub(super) fn tell(&self, what: &str) {
        let Self { planted, found, listeners, clean, missed, wrong } = self;
        eprintln!(
            "{what}: recall {found}/{planted}, false positives {}, at {listeners} listeners, of which {clean} clean \
             twins",
            wrong.len()
        );
        assert!(missed.is_empty() && wrong.is_empty(), "missed {missed:#?}, wrong {wrong:#?}");
    }
}

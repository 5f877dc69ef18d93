//! Which lines of two texts differ: the longest common part of both, and what is left of each.
//!
//! What both begin and end with is set aside, the rest is a library's; where that would be too much, it counts as changed
//! from its first line to its last. Deliberately absent: how they are drawn.

use similar::{Algorithm, ChangeTag, capture_diff_slices};

/// A line of both texts, or of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change<'t> {
    /// It is in both.
    Same(&'t str),
    /// Only the first has it.
    Gone(&'t str),
    /// Only the second has it.
    New(&'t str),
}

/// The most pairs of lines that are compared.
const MOST: usize = 4 << 20;

/// The lines of both texts, in order.
pub(super) fn compare<'t>(one: &'t [String], other: &'t [String]) -> Vec<Change<'t>> {
    let front = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (one_rest, other_rest) = (&one[front..], &other[front..]);
    let back = one_rest.iter().rev().zip(other_rest.iter().rev()).take_while(|(one, other)| one == other);
    let back = back.count();
    let mut changes: Vec<Change<'t>> = one[..front].iter().map(|line| Change::Same(line)).collect();
    let one_middle = &one_rest[..one_rest.len() - back];
    let other_middle = &other_rest[..other_rest.len() - back];
    changes.extend(middle(one_middle, other_middle));
    changes.extend(one_rest[one_middle.len()..].iter().map(|line| Change::Same(line)));
    changes
}

fn middle<'t>(one: &'t [String], other: &'t [String]) -> Vec<Change<'t>> {
    if one.len().saturating_mul(other.len()) > MOST {
        let gone = one.iter().map(|line| Change::Gone(line));
        return gone.chain(other.iter().map(|line| Change::New(line))).collect();
    }
    let found = capture_diff_slices(Algorithm::Lcs, one, other);
    let lines = found.iter().flat_map(|part| part.iter_slices(one, other));
    let told = lines.flat_map(|(tag, lines)| {
        let kind = match tag {
            ChangeTag::Equal => Change::Same,
            ChangeTag::Delete => Change::Gone,
            ChangeTag::Insert => Change::New,
        };
        lines.iter().map(move |line| kind(line.as_str()))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(one: &str, other: &str) -> String {
        let split = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        let (one, other) = (split(one), split(other));
        let show = |change: &Change<'_>| match change {
            Change::Same(line) => (*line).to_owned(),
            Change::Gone(line) => format!("-{line}"),
            Change::New(line) => format!("+{line}"),
        };
        compare(&one, &other).iter().map(show).collect()
    }

    #[test]
    fn lines_are_the_same_gone_or_new() {
        for (one, other, expected) in [
            ("", "", ""),
            ("abc", "abc", "abc"),
            ("abc", "axc", "a-b+xc"),
            ("abc", "ac", "a-bc"),
            ("ac", "abc", "a+bc"),
            ("", "ab", "+a+b"),
            ("ab", "", "-a-b"),
            ("abcd", "bxd", "-ab-c+xd"),
            ("aXbYc", "abc", "a-Xb-Yc"),
            ("aa", "aaa", "aa+a"),
        ] {
            assert_eq!(drawn(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn what_is_too_long_is_changed_as_a_whole() {
        let lines = |of: &str| (0..3000).map(|at| format!("{of}{at}")).collect::<Vec<_>>();
        let (one, other) = (lines("a"), lines("b"));
        assert_eq!(compare(&one, &other).len(), 6000);
    }
}

//! Which known word somebody may have meant.

/// The known word nearest to `typed`, when it is near: at most a third of its letters differ, and at least one
/// may.
pub(crate) fn nearest<'w>(typed: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    /// Nobody mistypes a longer word, and the distance takes time by the square of its length.
    const LONGEST: usize = 64;
    let typed: Vec<char> = typed.to_lowercase().chars().take(LONGEST + 1).collect();
    if typed.len() > LONGEST {
        return None;
    }
    let near = |word: &&str| {
        let word: Vec<char> = word.to_lowercase().chars().collect();
        let distance = distance(&typed, &word);
        (distance <= (word.len().max(typed.len()) / 3).max(1) && distance < word.len()).then_some(distance)
    };
    known.into_iter().filter_map(|word| Some((near(&word)?, word))).min().map(|(_, word)| word)
}

/// How many letters are inserted, left out, replaced or exchanged with their neighbour (the optimal string
/// alignment distance).
fn distance(one: &[char], other: &[char]) -> usize {
    let width = other.len() + 1;
    let mut table = vec![0; (one.len() + 1) * width];
    for row in 0..=one.len() {
        for column in 0..width {
            let at = row * width + column;
            table[at] = match (row, column) {
                (0, edge) | (edge, 0) => edge,
                _ => {
                    let replaced = usize::from(one[row - 1] != other[column - 1]);
                    let mut least =
                        (table[at - width] + 1).min(table[at - 1] + 1).min(table[at - width - 1] + replaced);
                    let exchanged = row > 1
                        && column > 1
                        && one[row - 1] == other[column - 2]
                        && one[row - 2] == other[column - 1];
                    if exchanged {
                        least = least.min(table[at - 2 * width - 2] + 1);
                    }
                    least
                }
            };
        }
    }
    table[table.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_found_and_a_far_one_is_not() {
        let known = ["command", "dir", "env", "env_file", "port", "depends_on"];
        for (typed, expected) in [
            ("comand", Some("command")),
            ("comamnd", Some("command")),
            ("PORT", Some("port")),
            ("prot", Some("port")),
            ("env_fil", Some("env_file")),
            ("dependson", Some("depends_on")),
            ("dri", Some("dir")),
            ("x", None),
            ("", None),
            ("colour", None),
        ] {
            assert_eq!(nearest(typed, known), expected, "{typed}");
        }
        assert_eq!(nearest(&"x".repeat(10_000), known), None);
    }
}

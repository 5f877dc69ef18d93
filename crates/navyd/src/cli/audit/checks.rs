//! The checks as a person names them.

use crate::{client, out::Failure};

/// How many are named where one was mistyped.
const NEAR: usize = 3;

/// The id of a check that was typed: `A10`, `a10` and `10` are the same.
pub(super) fn known(typed: &str) -> Result<&'static str, Failure> {
    let all: Vec<_> = client::checks().map(|check| (check.id, check.title)).collect();
    if let Some((id, _)) = all.iter().find(|(id, _)| number(typed).is_some() && number(id) == number(typed)) {
        return Ok(id);
    }
    let near = near(typed, &all);
    let first = near.first().map_or("", |(id, _)| id);
    let named = near.iter().map(|(id, title)| format!("{id}: {title}")).collect::<Vec<_>>().join("\n");
    Err(Failure::new(format!("no check is called `{typed}`"))
        .cause(format!("near it are\n{named}"))
        .hint(format!("navyd audit explain {first}")))
}

/// Those that may have been meant: whose title has the word in it, else those with the nearest numbers. Pure.
fn near<'a>(typed: &str, all: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let word = typed.to_lowercase();
    let has = |title: &str| word.len() > 2 && title.to_lowercase().contains(&word);
    let mut near: Vec<_> = all.iter().copied().filter(|(_, title)| has(title)).collect();
    if near.is_empty() {
        let wanted = number(typed).unwrap_or_default();
        near = all.to_vec();
        near.sort_by_key(|(id, _)| number(id).unwrap_or_default().abs_diff(wanted));
    }
    near.truncate(NEAR);
    near
}

fn number(id: &str) -> Option<u32> {
    id.strip_prefix(['A', 'a']).unwrap_or(id).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_however_it_is_typed() {
        for (typed, expected) in
            [("A01", Some("A01")), ("a1", Some("A01")), ("54", Some("A54")), ("A99", None), ("", None)]
        {
            assert_eq!(known(typed).ok(), expected, "{typed}");
        }
    }

    #[test]
    fn near_ones_are_those_with_the_word_or_the_number() {
        let all = [
            ("A01", "bound to all"),
            ("A10", "a notebook"),
            ("A11", "no password"),
            ("A54", "a secret"),
            ("A55", "all may write"),
        ];
        let ids = |typed| near(typed, &all).iter().map(|(id, _)| *id).collect::<Vec<_>>();
        assert_eq!(ids("A12"), ["A11", "A10", "A01"]);
        assert_eq!(ids("ALL"), ["A01", "A55"]);
        assert_eq!(ids("A"), ["A01", "A10", "A11"]);
        assert_eq!(ids("4294967295"), ["A55", "A54", "A11"]);
    }
}

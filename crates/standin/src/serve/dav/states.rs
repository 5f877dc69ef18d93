//! `If`: on which conditions something is changed, and the tokens of the locks that one has (RFC 4918 §10.4). Pure.

/// The most conditions of one field. Clients send as many as they have locks on the way.
const MOST: usize = 128;

/// Conditions, all of which hold or do not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct List<'a> {
    /// What they are about, as an address; `None`: what is asked for.
    pub(crate) about: Option<&'a str>,
    /// At least one.
    pub(crate) conditions: Vec<Condition<'a>>,
}

/// One condition.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Condition<'a> {
    /// Whether it is meant the other way round.
    pub(crate) not: bool,
    /// What is to be so.
    pub(crate) state: State<'a>,
}

/// What can be so.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum State<'a> {
    /// A lock with this token covers it.
    Token(&'a str),
    /// This is its entity tag, in its quotes.
    Tag(&'a str),
}

/// Reads the value of the field; `None` where it is none.
pub(crate) fn parse(value: &str) -> Option<Vec<List<'_>>> {
    let (mut lists, mut about, mut all): (Vec<List<'_>>, _, _) = (Vec::new(), None, 0);
    let mut rest = value.trim_matches(SPACE);
    loop {
        if let Some((address, behind)) = between(rest, '<', '>') {
            // A list about something in particular, behind one that is about what is asked for, is neither kind.
            let is_mixed = lists.last().is_some_and(|list| list.about.is_none());
            if is_mixed || !behind.starts_with('(') {
                return None;
            }
            (about, rest) = (Some(address), behind);
        }
        let mut inner = rest.strip_prefix('(')?.trim_start_matches(SPACE);
        let mut conditions = Vec::new();
        loop {
            if let Some(behind) = inner.strip_prefix(')') {
                rest = behind.trim_start_matches(SPACE);
                break;
            }
            let (condition, behind) = condition(inner)?;
            conditions.push(condition);
            all += 1;
            if all > MOST {
                return None;
            }
            inner = behind;
        }
        if conditions.is_empty() {
            return None;
        }
        lists.push(List { about, conditions });
        if rest.is_empty() {
            return Some(lists);
        }
    }
}

/// Whether it is done: all conditions of at least one list hold.
pub(crate) fn hold<'a>(lists: &[List<'a>], is: impl Fn(Option<&'a str>, &State<'a>) -> bool) -> bool {
    let all = |list: &List<'a>| list.conditions.iter().all(|one| is(list.about, &one.state) != one.not);
    lists.iter().any(all)
}

/// The tokens that were sent. RFC 4918 §10.4.1: those of all lists count, whether these hold or not.
pub(crate) fn tokens(lists: &[List<'_>]) -> Vec<String> {
    let all = lists.iter().flat_map(|list| &list.conditions);
    all.filter_map(|condition| match condition.state {
        State::Token(token) => Some(token.to_owned()),
        State::Tag(_) => None,
    })
    .collect()
}

const SPACE: [char; 2] = [' ', '\t'];

fn condition(text: &str) -> Option<(Condition<'_>, &str)> {
    let not = text.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("not"));
    let text = if not { text[3..].trim_start_matches(SPACE) } else { text };
    if let Some((token, behind)) = between(text, '<', '>') {
        return Some((Condition { not, state: State::Token(token) }, behind));
    }
    // RFC 9110 §8.8.3: no quote stands within a tag, but anything else may.
    let tag = text.strip_prefix('[')?.trim_start_matches(SPACE);
    let quoted = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?;
    let end = tag.len() - quoted.len() + quoted.find('"')? + 1;
    let behind = tag[end..].trim_start_matches(SPACE).strip_prefix(']')?;
    Some((Condition { not, state: State::Tag(&tag[..end]) }, behind.trim_start_matches(SPACE)))
}

/// What stands between two characters at the beginning, and what stands behind them and spaces.
fn between(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let (inner, behind) = text.strip_prefix(open)?.split_once(close)?;
    let is_one = !inner.is_empty() && !inner.contains([' ', '\t', open]);
    is_one.then_some((inner, behind.trim_start_matches(SPACE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said() {
        let token = |not, token| Condition { not, state: State::Token(token) };
        let tag = |not, tag| Condition { not, state: State::Tag(tag) };
        let list = |about, conditions: Vec<Condition<'static>>| List { about, conditions };
        for (value, expected) in [
            ("(<urn:a>)", Some(vec![list(None, vec![token(false, "urn:a")])])),
            (
                " ( Not <urn:a> [\"b\"] ) ",
                Some(vec![list(None, vec![token(true, "urn:a"), tag(false, "\"b\"")])]),
            ),
            (
                "(<urn:a>)(not [W/\"b]\"])",
                Some(vec![list(None, vec![token(false, "urn:a")]), list(None, vec![tag(true, "W/\"b]\"")])]),
            ),
            (
                "<http://h/a> (<urn:a>) (<urn:b>) </b>(<urn:c>)",
                Some(vec![
                    list(Some("http://h/a"), vec![token(false, "urn:a")]),
                    list(Some("http://h/a"), vec![token(false, "urn:b")]),
                    list(Some("/b"), vec![token(false, "urn:c")]),
                ]),
            ),
            ("", None),
            ("()", None),
            ("(<>)", None),
            ("(<urn:a>", None),
            ("(<urn:a>) x", None),
            ("urn:a", None),
            ("(<urn:a>) </b> (<urn:c>)", None),
            ("</a> </b> (<urn:c>)", None),
            ("</a>", None),
            ("([b])", None),
            ("([\"b])", None),
            ("(Not)", None),
            ("(é)", None),
        ] {
            assert_eq!(parse(value), expected, "{value}");
        }
        assert!(parse(&"(<a>)".repeat(MOST)).is_some() && parse(&"(<a>)".repeat(MOST + 1)).is_none());
    }

    #[test]
    fn one_list_is_enough() {
        let is = |about: Option<&str>, state: &State<'_>| match state {
            State::Token(token) => *token == "urn:mine" && about.is_none(),
            State::Tag(tag) => *tag == "\"here\"",
        };
        for (value, expected) in [
            ("(<urn:mine>)", true),
            ("(<urn:other>)", false),
            ("(Not <urn:other>)", true),
            ("(<urn:mine> [\"gone\"])", false),
            ("(<urn:mine> [\"gone\"]) ([\"here\"])", true),
            ("</a> (<urn:mine>)", false),
            ("</a> (Not <urn:mine> [\"here\"])", true),
        ] {
            assert_eq!(hold(&parse(value).expect("it is one"), is), expected, "{value}");
        }
        let lists = parse("(Not <a> [\"b\"]) (<c>)").expect("it is one");
        assert_eq!(tokens(&lists), ["a", "c"]);
    }
}

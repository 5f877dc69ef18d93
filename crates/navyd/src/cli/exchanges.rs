//! What the commands about exchanges share: which are meant, each in one line, and those to come.
//!
//! Deliberately absent: what each command does with them.

mod follow;
mod row;

use jiff::Timestamp;
use navyd_model::{
    filter::{Filter, FilterError},
    text::shell_word,
};

use super::{Format, Stage};
use crate::{
    exit::Exit,
    hub::{self, Client},
    out::Failure,
};
pub(super) use follow::{News, show, watch};
pub(super) use row::{COLUMNS, cells};

/// What was typed behind a command, one filter in however many words.
pub(super) fn filter(words: &[String]) -> Result<String, Failure> {
    let text = words.join(" ");
    Filter::parse(&text, Timestamp::now()).map(|_| text.clone()).map_err(|error| {
        let typed = mended(&text, &error);
        let hint = typed
            .map_or_else(|| error.hint.clone(), |typed| format!("navyd traffic ls {}", shell_word(&typed)));
        Failure::new(&error.message).cause(error.pointing(&text).join("\n")).hint(hint)
    })
}

/// The filter with what is suggested in the place of the mistake; `None` when that is no filter either.
fn mended(text: &str, error: &FilterError) -> Option<String> {
    let (before, after) = (text.get(..error.at.start)?, text.get(error.at.end..)?);
    // In words, a field is named in backticks; else the hint is what could stand there.
    let part = match error.hint.split_once('`').and_then(|(_, rest)| rest.split_once('`')) {
        Some((field, _)) => format!("{field}:"),
        None if error.hint.contains(' ') => return None,
        None => error.hint.clone(),
    };
    let before = if part.starts_with(':') { before.trim_end_matches(':') } else { before };
    let mended = format!("{before}{part}{after}");
    Filter::parse(&mended, Timestamp::now()).ok().map(|_| mended)
}

/// The numbers that were typed, as a filter; `None` when it is not numbers alone.
pub(super) fn numbers(words: &[String]) -> Option<Vec<u64>> {
    let ids: Option<Vec<u64>> = words.iter().map(|word| word.parse().ok()).collect();
    ids.filter(|ids| !ids.is_empty())
}

/// The filter that means these numbers.
pub(super) fn filter_of(ids: &[u64]) -> String {
    let terms: Vec<String> = ids.iter().map(|id| format!("id:{id}")).collect();
    terms.join(" or ")
}

/// The hub that records; without one it is said that there is none, and what that means.
pub(super) fn hub(stage: &mut Stage) -> anyhow::Result<Option<Client>> {
    let found = hub::running()?;
    if found.is_none() {
        let failure = Failure::new("no hub runs").cause("only the hub records what passes");
        stage.screen.fail(&failure.hint("navyd hub start"))?;
    }
    Ok(found)
}

/// Says that there is nothing to show: an answer, and no failure.
pub(super) fn nothing(is_all: bool, stage: &mut Stage) -> anyhow::Result<Exit> {
    if stage.format == Format::Text {
        if is_all {
            stage.screen.say(&"no exchange is recorded yet".into())?;
            stage.screen.hint("navyd tap 5432, or navyd route add shop 3000")?;
        } else {
            stage.screen.say(&"no exchange matches".into())?;
            stage.screen.hint("navyd traffic ls")?;
        }
    }
    Ok(Exit::No)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_are_one_filter_and_the_mistake_is_pointed_at() {
        assert_eq!(filter(&typed(&["method:POST", "status:>=500"])), Ok("method:POST status:>=500".into()));
        assert_eq!(filter(&[]), Ok(String::new()));
        for (words, what, mark, hint) in [
            ("method:POST statsu:500", "`statsu` is no field", (12, 7), "'method:POST status:500'"),
            (
                "method:POST status:>=abc",
                "`abc` is not understood here",
                (19, 5),
                "'method:POST status:>=500'",
            ),
            ("status:", "`status` has no value", (0, 7), "'status:>=500'"),
        ] {
            let (before, length) = mark;
            let expected = Failure::new(what)
                .cause(format!("{words}\n{}{}", " ".repeat(before), "^".repeat(length)))
                .hint(format!("navyd traffic ls {hint}"));
            assert_eq!(filter(&typed(&[words])).unwrap_err(), expected);
        }
    }

    #[test]
    fn numbers_alone_are_numbers() {
        assert_eq!(numbers(&typed(&["1", "22"])), Some(vec![1, 22]));
        assert_eq!(numbers(&typed(&["1", "status:500"])), None);
        assert_eq!(numbers(&[]), None);
        assert!(Filter::parse(&filter_of(&[1, 22]), Timestamp::now()).is_ok());
    }
}

//! What is wrong in a text, and where.

use std::{fmt, ops::Range};

use crate::target::shown;

/// How many mistakes of one text are told: a file of another kind would have one on every line.
pub const MOST_MISTAKES: usize = 20;

/// How many are noted before they are put into order: what bounds the work on a text that is no configuration.
const MOST_NOTED: usize = 1_000;

/// One mistake in a configuration. Every text in it is safe to print.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    /// The name of the text.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
    /// `FILE:LINE:COLUMN: what is wrong`, with its subject in backticks.
    pub message: String,
    /// What was expected, with the line as it stands, unless that may be a secret.
    pub cause: String,
    /// What could be typed instead.
    pub hint: String,
}

/// One mistake at a place of a text that was read, found by who knows more of what it means.
pub fn at(
    (file, text): (&str, &str),
    span: &Range<usize>,
    what: impl fmt::Display,
    expected: impl fmt::Display,
    hint: impl Into<String>,
) -> Vec<Mistake> {
    let mut source = Source::new(file, text);
    source.mistake(span, what, expected, hint);
    source.finish(()).err().unwrap_or_default()
}

/// A text with a name, and the mistakes found in it so far.
#[derive(Debug)]
pub(super) struct Source<'t> {
    file: &'t str,
    text: &'t str,
    secret: bool,
    mistakes: Vec<Mistake>,
}

impl<'t> Source<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, secret: false, mistakes: Vec::new() }
    }

    /// A text that holds secrets. Mistakes are printed and kept in logs, so nothing of its lines stands in them.
    pub(super) fn secret(file: &'t str, text: &'t str) -> Self {
        Self { secret: true, ..Self::new(file, text) }
    }

    /// Notes a mistake: `what` is wrong, `expected` completes "expected …".
    pub(super) fn mistake(
        &mut self,
        span: &Range<usize>,
        what: impl fmt::Display,
        expected: impl fmt::Display,
        hint: impl Into<String>,
    ) {
        if self.mistakes.len() == MOST_NOTED {
            return;
        }
        let start = self.boundary(span.start);
        let before = &self.text[..start];
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let (line, column) = (before.matches('\n').count() + 1, before[begin..].chars().count() + 1);
        let written = self.text[begin..].lines().next().unwrap_or_default().trim();
        let written =
            if self.secret { String::new() } else { format!("; line {line} is `{}`", shown(written)) };
        let file = shown(self.file);
        self.mistakes.push(Mistake {
            line,
            column,
            message: format!("{file}:{line}:{column}: {what}"),
            cause: format!("expected {expected}{written}"),
            hint: hint.into(),
            file,
        });
    }

    /// The mistakes in the order of the text, each place once, at most [`MOST_MISTAKES`].
    ///
    /// # Errors
    /// They, when there are any.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T, Vec<Mistake>> {
        if self.mistakes.is_empty() {
            return Ok(value);
        }
        self.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        self.mistakes.dedup();
        self.mistakes.truncate(MOST_MISTAKES);
        Err(self.mistakes)
    }

    fn boundary(&self, at: usize) -> usize {
        (0..=at.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_has_its_place_and_its_line() {
        let text = "a = 1\n  é = \u{1b}x\r\nlast";
        for (at, expected) in [
            (0, (1, 1, "expected it; line 1 is `a = 1`")),
            (8, (2, 3, r"expected it; line 2 is `é = \u{1b}x`")),
            (9, (2, 3, r"expected it; line 2 is `é = \u{1b}x`")),
            (10, (2, 4, r"expected it; line 2 is `é = \u{1b}x`")),
            (text.len(), (3, 5, "expected it; line 3 is `last`")),
            (999, (3, 5, "expected it; line 3 is `last`")),
        ] {
            let mut source = Source::new("navyd.toml", text);
            source.mistake(&(at..at), "wrong", "it", "hint");
            let found = source.finish(()).unwrap_err().remove(0);
            assert_eq!((found.line, found.column, found.cause.as_str()), expected, "{at}");
            assert_eq!(found.to_string(), format!("navyd.toml:{}:{}: wrong", found.line, found.column));
        }
    }

    #[test]
    fn mistakes_are_in_order_and_limited() {
        let text = "\n".repeat(100);
        let mut source = Source::new("x", &text);
        for at in (0..100).rev() {
            source.mistake(&(at..at), "wrong", "it", "hint");
        }
        let lines: Vec<_> = source.finish(()).unwrap_err().iter().map(|mistake| mistake.line).collect();
        assert_eq!(lines, (1..=MOST_MISTAKES).collect::<Vec<_>>());
    }
}

//! The tokens of a statement that are no comments, as they are asked about by their number.
//!
//! Behind the last there is nothing, of no kind and with an empty text, so that whoever looks ahead or back need not
//! ask whether anything is there. Each look is a step.

use crate::capture::redact::sql::{
    keywords::COMPARES,
    steps::Steps,
    token::{Kind, Token},
};

/// All of them, and the text that they were cut from.
pub(super) struct Tokens<'a> {
    text: &'a str,
    all: &'a [Token],
    /// Those that are no comments.
    numbers: Vec<usize>,
    steps: &'a Steps,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str, all: &'a [Token], steps: &'a Steps) -> Self {
        let numbers = (0..all.len()).filter(|at| all[*at].kind != Kind::Comment).collect();
        steps.take(all.len());
        Self { text, all, numbers, steps }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.numbers.len()
    }

    /// How many there are with comments.
    pub(super) fn count_with_comments(&self) -> usize {
        self.all.len()
    }

    /// Which one it is when comments are counted.
    pub(super) fn with_comments(&self, at: usize) -> usize {
        self.numbers[at]
    }

    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.steps.take(1);
        self.numbers.get(at).map(|token| self.all[*token].kind)
    }

    pub(super) fn inner(&self, at: usize) -> &'a str {
        self.numbers.get(at).map_or("", |token| &self.text[self.all[*token].inner.clone()])
    }

    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        self.kind(at) == Some(Kind::Word) && self.inner(at).eq_ignore_ascii_case(word)
    }

    pub(super) fn one_of(&self, at: usize, words: &[&str]) -> bool {
        self.kind(at) == Some(Kind::Word)
            && words.iter().any(|word| self.inner(at).eq_ignore_ascii_case(word))
    }

    /// The token in front; behind all of them when there is none.
    pub(super) fn front(&self, at: usize) -> usize {
        at.checked_sub(1).unwrap_or(usize::MAX)
    }

    pub(super) fn is_sign(&self, at: usize, signs: &[u8]) -> bool {
        self.kind(at) == Some(Kind::Sign) && self.inner(at).bytes().any(|byte| signs.contains(&byte))
    }

    pub(super) fn compares(&self, at: usize) -> bool {
        let sign = self.is_sign(at, b"<>~!") && !self.is_sign(at, b"-#@") || self.is_sign(at, b"=");
        sign || self.one_of(at, &COMPARES)
    }
}

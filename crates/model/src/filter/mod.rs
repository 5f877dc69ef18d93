//! The filter language: which exchanges are meant, in lists, searches, breakpoints, rewrites and faults.
//!
//! `method:POST status:>=500 host:api path:/v1/* body~"timeout" took:>200ms from:pid:812 fault:*`
//!
//! Terms side by side must all hold; `or`, `not` and parentheses do as they say, and `not` binds most. A term is a field
//! of [`FIELDS`], an operator and a value: `:` compares (whole, with `*` for anything; numbers with `>`, `>=`, `<`,
//! `<=`, `..`), `~` finds a part, in any case, or `~/…/` a regular expression. A word alone is searched for everywhere.
//! Deliberately absent: how records are searched fast, for which [`Expr`] is open.

mod evaluate;
mod field;
mod lex;
mod parse;
mod pattern;
mod subject;
#[cfg(test)]
mod tests;
mod value;

use std::{fmt, ops::Range};

use jiff::Timestamp;

pub use evaluate::Subject;
pub use field::{FIELDS, Field, Kind};
pub use pattern::{Bounds, Pattern};
pub use subject::is_host;

/// Which exchanges are meant.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    expr: Expr,
}

/// What a filter says.
#[derive(Debug, Clone)]
pub enum Expr {
    /// All of them; an empty one holds.
    All(Vec<Expr>),
    /// One of them.
    Any(Vec<Expr>),
    /// The contrary.
    Not(Box<Expr>),
    /// A term.
    Term(Term),
}

/// What a term says.
#[derive(Debug, Clone)]
pub enum Term {
    /// A number lies within bounds.
    Number(Field, Bounds),
    /// A text is like this; for [`Field::Header`] with the name of the header in lower case.
    Text(Field, Option<String>, Pattern),
    /// A word is anywhere: in method, target, headers, error.
    Word(Pattern),
}

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// What is wrong, with the part in backticks.
    pub message: String,
    /// Where, in bytes of the text.
    pub at: Range<usize>,
    /// What could be typed instead.
    pub hint: String,
}

impl Filter {
    /// The filter that a person typed; times like `since:10m` are counted back from `now`. An empty text means every
    /// exchange.
    ///
    /// # Errors
    /// When it is no filter: what is wrong, and where.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, FilterError> {
        Ok(Self { text: text.to_owned(), expr: parse::parse(text, now)? })
    }

    /// What it says.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Whether it means this exchange; `None` when what is known of it does not tell yet.
    pub fn matches(&self, subject: &impl Subject) -> Option<bool> {
        evaluate::evaluate(&self.expr, subject)
    }

    /// Whether it needs a response, or anything else that a request alone does not have.
    pub fn needs_response(&self) -> bool {
        self.expr.any(&|term| match term {
            Term::Number(field, _) | Term::Text(field, ..) => field.of_response(),
            Term::Word(_) => false,
        })
    }

    /// Whether it looks into bodies.
    pub fn needs_body(&self) -> bool {
        self.expr.any(&|term| matches!(term, Term::Text(field, ..) if field.of_body()))
    }
}

impl Expr {
    /// Whether this is so of any term.
    pub fn any(&self, is: &impl Fn(&Term) -> bool) -> bool {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().any(|expr| expr.any(is)),
            Self::Not(expr) => expr.any(is),
            Self::Term(term) => is(term),
        }
    }
}

/// As it was typed.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl FilterError {
    /// The text, and below it a mark at the mistake: two lines for a terminal. Whoever prints them escapes them.
    pub fn pointing(&self, text: &str) -> [String; 2] {
        let columns = |part: Option<&str>| part.map_or(0, |part| part.chars().count());
        let before = columns(text.get(..self.at.start));
        let length = columns(text.get(self.at.clone())).max(1);
        [text.to_owned(), format!("{}{}", " ".repeat(before), "^".repeat(length))]
    }
}

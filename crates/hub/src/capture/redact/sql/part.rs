//! What a statement is cut into.

use std::rc::Rc;

/// An expression. Those around it were begun before.
#[derive(Debug, Default, Clone)]
pub(super) struct Expression {
    pub(super) around: Option<usize>,
    /// It names a secret.
    pub(super) named: bool,
    /// Its place is that of a secret.
    pub(super) placed: bool,
    /// One directly within it names a secret: `(password) = 'x'`.
    pub(super) within: bool,
    /// It compares or assigns, so that numbers are values.
    pub(super) compares: bool,
}

/// A list of columns: which of them are secret.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// All of them: the table itself is named like a secret.
    pub(super) all: bool,
    pub(super) secret: Vec<bool>,
}

impl Columns {
    pub(super) fn has(&self, place: usize) -> bool {
        self.all || self.secret.get(place).copied().unwrap_or(false)
    }
}

/// What parentheses, or CASE and END, enclose.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// The expression around it.
    pub(super) around: Option<usize>,
    /// The one that goes on here.
    pub(super) expression: usize,
    pub(super) kind: Enclosed,
    /// The columns whose values stand here, and at which of them it is.
    pub(super) columns: Option<Rc<Columns>>,
    pub(super) place: usize,
    /// Behind VALUES: the columns of the rows that follow.
    pub(super) rows: Option<Rc<Columns>>,
    /// Between BETWEEN and its AND.
    pub(super) between: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enclosed {
    #[default]
    Group,
    /// The arguments of a function.
    Call,
    Case,
    /// A row of VALUES.
    Row,
}

//! Parentheses: calls, lists of columns, and the rows and values that have their places.

use std::rc::Rc;

use super::Reading;
use crate::capture::redact::{
    names::is_secret,
    sql::{
        keywords::{BORDERS, FUNCTIONS, NO_CALL},
        part::{Columns, Enclosed, Expression},
        token::Kind,
    },
};

impl Reading<'_> {
    pub(super) fn opens(&mut self, at: usize) {
        let front = self.tokens.front(at);
        let named = matches!(self.tokens.kind(front), Some(Kind::Word | Kind::Name))
            && (!self.tokens.one_of(front, &BORDERS) || self.tokens.one_of(front, &FUNCTIONS))
            && !self.tokens.one_of(front, &NO_CALL);
        if let Some((columns, end)) = self.names(at) {
            let columns = Rc::new(columns);
            self.alias(at, &columns);
            self.list = Some((columns, end, named));
            return self.open(Enclosed::Group, None);
        }
        let is_row = matches!(self.tokens.kind(front), Some(Kind::Comma))
            || self.tokens.one_of(front, &["VALUES", "VALUE", "ROW"]);
        let rows = self.level().rows.clone();
        if let Some(rows) = rows.filter(|_| is_row) {
            return self.open(Enclosed::Row, Some(rows));
        }
        // `(a, b) = (…)`, `(a, b) IN (…)`, `(a, b) NOT IN (…)`.
        let compared = self.list.as_ref().filter(|(_, end, _)| {
            self.tokens.compares(front)
                && (front == end + 1 || front == end + 2 && self.tokens.is(end + 1, "NOT"))
        });
        if let Some((columns, _, call)) = compared {
            // Values or rows may stand in it, with these places; all are of one column where a function made it of them.
            let is_one = columns.secret.len() == 1 || *call;
            let all = columns.all || is_one && columns.secret.contains(&true);
            let columns = if all { Rc::new(Columns { all, secret: Vec::new() }) } else { Rc::clone(columns) };
            self.open(Enclosed::Group, Some(Rc::clone(&columns)));
            self.level().rows = Some(columns);
            return;
        }
        let rows = self.level().rows.clone();
        if rows.is_some() && self.tokens.kind(front) == Some(Kind::Open) {
            return self.open(Enclosed::Row, rows);
        }
        let is_query = self.tokens.one_of(at + 1, &["SELECT", "VALUES", "WITH", "TABLE"]);
        let kind = if named && !is_query { Enclosed::Call } else { Enclosed::Group };
        self.open(kind, None);
    }

    /// Names alone between parentheses, and where these end.
    pub(super) fn names(&self, open: usize) -> Option<(Columns, usize)> {
        let mut columns = Columns { all: self.all_secret, secret: Vec::new() };
        let mut at = open + 1;
        let is_name =
            |at: usize| matches!(self.tokens.kind(at), Some(Kind::Word | Kind::Name | Kind::Either));
        loop {
            while is_name(at) && self.tokens.kind(at + 1) == Some(Kind::Dot) {
                at += 2;
            }
            if !is_name(at) {
                return None;
            }
            let name = self.tokens.inner(at);
            columns.secret.push(is_secret(name.as_bytes()) || self.aliases.contains(&name.to_lowercase()));
            match self.tokens.kind(at + 1) {
                Some(Kind::Comma) => at += 2,
                Some(Kind::Close) => return Some((columns, at + 1)),
                _ => return None,
            }
        }
    }

    /// `(VALUES …) AS name(a, b)`: the columns stand behind their values.
    fn alias(&mut self, open: usize, columns: &Columns) {
        let Some(name) = open.checked_sub(1) else { return };
        let front = self.tokens.front(name);
        let end = if self.tokens.is(front, "AS") { self.tokens.front(front) } else { front };
        if self.tokens.kind(end) == Some(Kind::Close) {
            for (expression, place) in self.rows.drain(..) {
                self.expressions[expression].placed |= columns.has(place);
            }
        }
    }

    pub(super) fn comma(&mut self, at: usize) {
        let level = self.level();
        level.place += 1;
        level.between = false;
        if level.kind != Enclosed::Call {
            return self.begin();
        }
        // `f('password', …)`: the argument behind the name is its value.
        let around = self.levels.len().checked_sub(1).and_then(|last| self.levels[last].around);
        let expression = around.unwrap_or_default();
        let is_named = self.tokens.kind(self.tokens.front(at)) == Some(Kind::Text)
            && matches!(
                self.tokens.kind(self.tokens.front(self.tokens.front(at))),
                Some(Kind::Open | Kind::Comma)
            )
            && is_path(self.tokens.inner(self.tokens.front(at)))
            && is_secret(self.tokens.inner(self.tokens.front(at)).as_bytes());
        self.level().expression = expression;
        if is_named {
            self.expressions.push(Expression { around, placed: true, ..Expression::default() });
            let number = self.expressions.len() - 1;
            self.level().expression = number;
        }
    }
}

/// Whether a text is a name, or a path to one: `password`, `$.user.password`, `{user,password}`.
fn is_path(text: &str) -> bool {
    text.len() <= 128
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.$[]{},:".contains(&byte))
}

//! Keywords, and the clauses that they begin.

use std::rc::Rc;

use super::Reading;
use crate::capture::redact::sql::{
    keywords::{BORDERS, COMPARES, FUNCTIONS, JOINTS},
    part::{Columns, Enclosed},
    token::Kind,
};

impl Reading<'_> {
    pub(super) fn word(&mut self, at: usize) {
        let front = self.tokens.front(at);
        if [self.tokens.kind(front), self.tokens.kind(at + 1)].contains(&Some(Kind::Dot)) {
            return self.name(at);
        }
        if self.tokens.is(at, "CASE") {
            return self.open(Enclosed::Case, None);
        }
        if self.tokens.is(at, "END") && self.level().kind == Enclosed::Case {
            return self.close();
        }
        if self.tokens.one_of(at, &COMPARES) {
            self.expression().compares = true;
            self.level().between |= self.tokens.is(at, "BETWEEN");
            return;
        }
        if self.tokens.is(at, "VALID") && self.tokens.is(at + 1, "UNTIL") {
            return self.border();
        }
        // MySQL knows both words.
        if self.tokens.is(at, "VALUE") && self.tokens.kind(at + 1) == Some(Kind::Open) && self.inserts {
            return self.values_follow();
        }
        let is_function = self.tokens.one_of(at, &FUNCTIONS)
            && self.tokens.kind(at + 1) == Some(Kind::Open)
            && self.names(at + 1).is_none();
        if !self.tokens.one_of(at, &BORDERS)
            || is_function
            || self.tokens.is(front, "DISTINCT") && self.tokens.is(at, "FROM")
        {
            return self.name(at);
        }
        if self.tokens.is(at, "VALUES") && self.tokens.kind(front) == Some(Kind::Sign) {
            return;
        }
        if self.tokens.is(at, "AND") && std::mem::take(&mut self.level().between) {
            return;
        }
        self.clause(at);
    }

    /// A keyword that begins something else.
    fn clause(&mut self, at: usize) {
        let kind = self.level().kind;
        let was_row = kind == Enclosed::Row;
        if !was_row && kind != Enclosed::Call && !self.tokens.one_of(at, &JOINTS) {
            let level = self.level();
            (level.columns, level.rows) = (None, None);
        }
        self.inserts |= self.tokens.is(at, "INSERT") || self.tokens.is(self.start, "REPLACE");
        if self.tokens.is(at, "VALUES") {
            return self.values_follow();
        }
        if self.tokens.is(at, "SELECT") && self.inserts && !was_row {
            let columns = self.list.as_ref().map(|(columns, ..)| Rc::clone(columns));
            let level = self.level();
            (level.columns, level.place) = (columns, 0);
        }
        self.border();
        if self.tokens.is(at, "IDENTIFIED") {
            self.expression().named = true;
        }
        // What EXECUTE gives to a statement only that can tell.
        if self.tokens.is(at, "EXECUTE") && at == self.start && !self.tokens.is(at + 1, "IMMEDIATE") {
            self.expression().placed = true;
        }
    }

    /// Rows of values follow, with the places of the last list of columns.
    fn values_follow(&mut self) {
        let none = || Rc::new(Columns { all: self.all_secret, secret: Vec::new() });
        let columns = self.list.as_ref().map_or_else(none, |(columns, ..)| Rc::clone(columns));
        self.rows.clear();
        self.level().rows = Some(columns);
        self.border();
    }
}

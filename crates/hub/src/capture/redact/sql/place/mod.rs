//! Which literals and parameters stand for a secret.
//!
//! A statement is cut into expressions: at commas, at keywords that begin a clause, at AND and OR. Parentheses behind a
//! name are a call and belong to its expression; others hold expressions of their own, which are secret where the one
//! around them is. An expression that names a secret, wherever in it, loses its literals; lists of columns tell the same
//! of the values that have their places.

mod clause;
mod name;
mod parentheses;
mod tokens;

use std::{collections::HashSet, rc::Rc};

use self::tokens::Tokens;
use super::{
    Dialect,
    part::{Columns, Enclosed, Expression, Level},
    steps::Steps,
    token::{Kind, Token},
};
use crate::capture::redact::names::is_secret;

/// For each token whether it is one.
pub(super) fn secret(text: &str, all: &[Token], dialect: Dialect, steps: &Steps) -> Vec<bool> {
    let tokens = Tokens::of(text, all, steps);
    let count = tokens.count();
    let mut reading = Reading::new(tokens, dialect);
    (0..count).for_each(|at| reading.token(at));
    reading.end()
}

struct Reading<'a> {
    tokens: Tokens<'a>,
    dialect: Dialect,
    expressions: Vec<Expression>,
    levels: Vec<Level>,
    /// Tokens that may be values, and their expressions.
    values: Vec<(usize, usize)>,
    /// Values that are hidden wherever they stand.
    surely: Vec<usize>,
    /// The last list of columns, at which token it ended, and whether it may be what a function is given.
    list: Option<(Rc<Columns>, usize, bool)>,
    /// Where the statement began; what is inserted into is a secret's table.
    start: usize,
    inserts: bool,
    all_secret: bool,
    /// Names of expressions that are secret, in small letters.
    aliases: HashSet<String>,
    /// The expressions of the last VALUES, with their places.
    rows: Vec<(usize, usize)>,
}

impl<'a> Reading<'a> {
    fn new(tokens: Tokens<'a>, dialect: Dialect) -> Self {
        Self {
            tokens,
            dialect,
            expressions: vec![Expression::default()],
            levels: Vec::new(),
            values: Vec::new(),
            surely: Vec::new(),
            list: None,
            start: 0,
            inserts: false,
            all_secret: false,
            aliases: HashSet::new(),
            rows: Vec::new(),
        }
    }

    fn end(self) -> Vec<bool> {
        let mut hidden = vec![false; self.tokens.count_with_comments()];
        let mut secret: Vec<bool> = Vec::with_capacity(self.expressions.len());
        for expression in &self.expressions {
            let inherited = expression.around.is_some_and(|around| secret[around]);
            secret.push(expression.named || expression.placed || inherited);
        }
        for (at, number) in self.values {
            let expression = &self.expressions[number];
            let is_secret = secret[number] || expression.within;
            let inherited = expression.around.is_some_and(|around| secret[around]);
            let counts = self.tokens.kind(at) != Some(Kind::Number)
                || expression.compares
                || expression.placed
                || inherited;
            hidden[self.tokens.with_comments(at)] = is_secret && counts;
        }
        self.surely.iter().for_each(|at| hidden[self.tokens.with_comments(*at)] = true);
        hidden
    }

    fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn expression(&mut self) -> &mut Expression {
        let number = self.level().expression;
        &mut self.expressions[number]
    }

    /// Another expression begins at this level.
    fn begin(&mut self) {
        let level = self.level();
        let (around, place) = (level.around, level.place);
        let placed = level.columns.as_ref().is_some_and(|columns| columns.has(place));
        let is_row = level.kind == Enclosed::Row;
        self.expressions.push(Expression { around, placed, ..Expression::default() });
        let number = self.expressions.len() - 1;
        self.level().expression = number;
        if is_row {
            self.rows.push((number, place));
        }
    }

    fn open(&mut self, kind: Enclosed, columns: Option<Rc<Columns>>) {
        let expression = self.level().expression;
        let (around, call) = (Some(expression), kind == Enclosed::Call);
        self.levels.push(Level { around, expression, kind, columns, ..Level::default() });
        if !call {
            self.begin();
        }
        // What is compared in a CASE is so with each of its parts.
        if kind == Enclosed::Case {
            let level = self.level();
            level.around = Some(level.expression);
        }
    }

    fn close(&mut self) {
        if self.levels.len() < 2 {
            return;
        }
        self.levels.pop();
    }

    fn token(&mut self, at: usize) {
        match self.tokens.kind(at) {
            Some(Kind::Open) => self.opens(at),
            Some(Kind::Close) => {
                // A CASE without its END ends here too.
                while self.levels.len() > 1 && self.level().kind == Enclosed::Case {
                    self.close();
                }
                self.close();
            }
            Some(Kind::Comma) => self.comma(at),
            Some(Kind::Semicolon) => {
                self.levels.clear();
                self.list = None;
                (self.start, self.inserts, self.all_secret) = (at + 1, false, false);
                self.begin();
            }
            Some(Kind::Word) => self.word(at),
            Some(Kind::Name) => self.name(at),
            Some(Kind::Either) => {
                let front = self.tokens.front(at);
                let is_name = self.tokens.kind(at + 1) == Some(Kind::Dot)
                    || self.tokens.kind(front) == Some(Kind::Dot)
                    || self.tokens.compares(at + 1) && !self.tokens.compares(front);
                if is_name || is_secret(self.tokens.inner(at).as_bytes()) {
                    self.name(at);
                }
                if !is_name {
                    self.value(at);
                }
            }
            Some(Kind::Text) => self.literal(at),
            Some(Kind::Dollar | Kind::Number | Kind::Parameter(_)) => self.value(at),
            Some(Kind::Sign) if self.dialect == Dialect::Mysql && self.tokens.inner(at) == "&&" => {
                self.border();
            }
            Some(Kind::Sign) if self.tokens.compares(at) => self.expression().compares = true,
            _ => {}
        }
    }

    fn value(&mut self, at: usize) {
        let expression = self.level().expression;
        self.values.push((at, expression));
    }

    fn border(&mut self) {
        let level = self.level();
        level.between = false;
        if level.kind != Enclosed::Call {
            self.begin();
        }
    }
}

//! Which literals and parameters stand for a secret.
//!
//! A statement is cut into expressions: at commas, at keywords that begin a clause, at AND and OR. Parentheses behind a
//! name are a call and belong to its expression; others hold expressions of their own, which are secret where the one
//! around them is. An expression that names a secret, wherever in it, loses its literals; lists of columns tell the same
//! of the values that have their places.

use std::{collections::HashSet, rc::Rc};

use super::{
    Dialect,
    keywords::{ACCOUNTS, BORDERS, COMPARES, FUNCTIONS, JOINTS, NO_CALL, NO_PASSWORD},
    part::{Columns, Enclosed, Expression, Level},
    token::{Kind, Token},
};
use crate::capture::redact::names::is_secret;

/// For each token whether it is hidden.
pub(super) fn hidden(text: &str, all: &[Token], dialect: Dialect) -> Vec<bool> {
    let tokens: Vec<usize> = (0..all.len()).filter(|at| all[*at].kind != Kind::Comment).collect();
    let mut reading = Reading::new(text, all, &tokens, dialect);
    (0..tokens.len()).for_each(|at| reading.token(at));
    reading.end()
}

struct Reading<'a> {
    text: &'a str,
    all: &'a [Token],
    /// The tokens that are no comments.
    tokens: &'a [usize],
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
    fn new(text: &'a str, all: &'a [Token], tokens: &'a [usize], dialect: Dialect) -> Self {
        Self {
            text,
            all,
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
        let mut hidden = vec![false; self.all.len()];
        let mut secret: Vec<bool> = Vec::with_capacity(self.expressions.len());
        for expression in &self.expressions {
            let inherited = expression.around.is_some_and(|around| secret[around]);
            secret.push(expression.named || expression.placed || inherited);
        }
        for (at, number) in self.values {
            let expression = &self.expressions[number];
            let is_secret = secret[number] || expression.within;
            let inherited = expression.around.is_some_and(|around| secret[around]);
            let counts = self.all[self.tokens[at]].kind != Kind::Number
                || expression.compares
                || expression.placed
                || inherited;
            hidden[self.tokens[at]] = is_secret && counts;
        }
        self.surely.iter().for_each(|at| hidden[self.tokens[*at]] = true);
        hidden
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| self.all[*token].kind)
    }

    fn inner(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| &self.text[self.all[*token].inner.clone()])
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.kind(at) == Some(Kind::Word) && self.inner(at).eq_ignore_ascii_case(word)
    }

    fn one_of(&self, at: usize, words: &[&str]) -> bool {
        self.kind(at) == Some(Kind::Word)
            && words.iter().any(|word| self.inner(at).eq_ignore_ascii_case(word))
    }

    /// The token in front; behind all of them when there is none.
    fn front(&self, at: usize) -> usize {
        at.checked_sub(1).unwrap_or(usize::MAX)
    }

    fn is_sign(&self, at: usize, signs: &[u8]) -> bool {
        self.kind(at) == Some(Kind::Sign) && self.inner(at).bytes().any(|byte| signs.contains(&byte))
    }

    fn compares(&self, at: usize) -> bool {
        let sign = self.is_sign(at, b"<>~!") && !self.is_sign(at, b"-#@") || self.is_sign(at, b"=");
        sign || self.one_of(at, &COMPARES)
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
        match self.kind(at) {
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
                let front = self.front(at);
                let is_name = self.kind(at + 1) == Some(Kind::Dot)
                    || self.kind(front) == Some(Kind::Dot)
                    || self.compares(at + 1) && !self.compares(front);
                if is_name || is_secret(self.inner(at).as_bytes()) {
                    self.name(at);
                }
                if !is_name {
                    self.value(at);
                }
            }
            Some(Kind::Text) => self.literal(at),
            Some(Kind::Dollar | Kind::Number | Kind::Parameter(_)) => self.value(at),
            Some(Kind::Sign) if self.dialect == Dialect::Mysql && self.inner(at) == "&&" => self.border(),
            Some(Kind::Sign) if self.compares(at) => self.expression().compares = true,
            _ => {}
        }
    }

    fn value(&mut self, at: usize) {
        let expression = self.level().expression;
        self.values.push((at, expression));
    }

    fn opens(&mut self, at: usize) {
        let front = self.front(at);
        let named = matches!(self.kind(front), Some(Kind::Word | Kind::Name))
            && (!self.one_of(front, &BORDERS) || self.one_of(front, &FUNCTIONS))
            && !self.one_of(front, &NO_CALL);
        if let Some(columns) = self.names(at) {
            let columns = Rc::new(columns);
            self.alias(at, &columns);
            // Its end is found by going over it once more, which is once in all.
            self.list = Some((columns, self.closing(at), named));
            return self.open(Enclosed::Group, None);
        }
        let is_row =
            matches!(self.kind(front), Some(Kind::Comma)) || self.one_of(front, &["VALUES", "VALUE", "ROW"]);
        let rows = self.level().rows.clone();
        if let Some(rows) = rows.filter(|_| is_row) {
            return self.open(Enclosed::Row, Some(rows));
        }
        // `(a, b) = (…)`, `(a, b) IN (…)`, `(a, b) NOT IN (…)`.
        let compared = self.list.as_ref().filter(|(_, end, _)| {
            self.compares(front) && (front == end + 1 || front == end + 2 && self.is(end + 1, "NOT"))
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
        if rows.is_some() && self.kind(front) == Some(Kind::Open) {
            return self.open(Enclosed::Row, rows);
        }
        let is_query = self.one_of(at + 1, &["SELECT", "VALUES", "WITH", "TABLE"]);
        let kind = if named && !is_query { Enclosed::Call } else { Enclosed::Group };
        self.open(kind, None);
    }

    /// Names alone between parentheses.
    fn names(&self, open: usize) -> Option<Columns> {
        let mut columns = Columns { all: self.all_secret, secret: Vec::new() };
        let mut at = open + 1;
        loop {
            while self.kind(at + 1) == Some(Kind::Dot) {
                at += 2;
            }
            if !matches!(self.kind(at), Some(Kind::Word | Kind::Name | Kind::Either)) {
                return None;
            }
            let name = self.inner(at);
            columns.secret.push(is_secret(name.as_bytes()) || self.aliases.contains(&name.to_lowercase()));
            match self.kind(at + 1) {
                Some(Kind::Comma) => at += 2,
                Some(Kind::Close) => return Some(columns),
                _ => return None,
            }
        }
    }

    fn closing(&self, open: usize) -> usize {
        (open..self.tokens.len()).find(|at| self.kind(*at) == Some(Kind::Close)).unwrap_or(open)
    }

    /// `(VALUES …) AS name(a, b)`: the columns stand behind their values.
    fn alias(&mut self, open: usize, columns: &Columns) {
        let Some(name) = open.checked_sub(1) else { return };
        let front = self.front(name);
        let end = if self.is(front, "AS") { self.front(front) } else { front };
        if self.kind(end) == Some(Kind::Close) {
            for (expression, place) in self.rows.drain(..) {
                self.expressions[expression].placed |= columns.has(place);
            }
        }
    }

    fn comma(&mut self, at: usize) {
        let level = self.level();
        level.place += 1;
        level.between = false;
        if level.kind != Enclosed::Call {
            return self.begin();
        }
        // `f('password', …)`: the argument behind the name is its value.
        let around = self.levels.len().checked_sub(1).and_then(|last| self.levels[last].around);
        let expression = around.unwrap_or_default();
        let is_named = self.kind(self.front(at)) == Some(Kind::Text)
            && matches!(self.kind(self.front(self.front(at))), Some(Kind::Open | Kind::Comma))
            && is_path(self.inner(self.front(at)))
            && is_secret(self.inner(self.front(at)).as_bytes());
        self.level().expression = expression;
        if is_named {
            self.expressions.push(Expression { around, placed: true, ..Expression::default() });
            let number = self.expressions.len() - 1;
            self.level().expression = number;
        }
    }

    fn border(&mut self) {
        let level = self.level();
        level.between = false;
        if level.kind != Enclosed::Call {
            self.begin();
        }
    }

    fn word(&mut self, at: usize) {
        let front = self.front(at);
        if [self.kind(front), self.kind(at + 1)].contains(&Some(Kind::Dot)) {
            return self.name(at);
        }
        if self.is(at, "CASE") {
            return self.open(Enclosed::Case, None);
        }
        if self.is(at, "END") && self.level().kind == Enclosed::Case {
            return self.close();
        }
        if self.one_of(at, &COMPARES) {
            self.expression().compares = true;
            self.level().between |= self.is(at, "BETWEEN");
            return;
        }
        if self.is(at, "VALID") && self.is(at + 1, "UNTIL") {
            return self.border();
        }
        // MySQL knows both words.
        if self.is(at, "VALUE") && self.kind(at + 1) == Some(Kind::Open) && self.inserts {
            return self.values_follow();
        }
        let is_function = self.one_of(at, &FUNCTIONS)
            && self.kind(at + 1) == Some(Kind::Open)
            && self.names(at + 1).is_none();
        if !self.one_of(at, &BORDERS) || is_function || self.is(front, "DISTINCT") && self.is(at, "FROM") {
            return self.name(at);
        }
        if self.is(at, "VALUES") && self.kind(front) == Some(Kind::Sign) {
            return;
        }
        if self.is(at, "AND") && std::mem::take(&mut self.level().between) {
            return;
        }
        self.clause(at);
    }

    /// A keyword that begins something else.
    fn clause(&mut self, at: usize) {
        let kind = self.level().kind;
        let was_row = kind == Enclosed::Row;
        if !was_row && kind != Enclosed::Call && !self.one_of(at, &JOINTS) {
            let level = self.level();
            (level.columns, level.rows) = (None, None);
        }
        self.inserts |= self.is(at, "INSERT") || self.is(self.start, "REPLACE");
        if self.is(at, "VALUES") {
            return self.values_follow();
        }
        if self.is(at, "SELECT") && self.inserts && !was_row {
            let columns = self.list.as_ref().map(|(columns, ..)| Rc::clone(columns));
            let level = self.level();
            (level.columns, level.place) = (columns, 0);
        }
        self.border();
        if self.is(at, "IDENTIFIED") {
            self.expression().named = true;
        }
        // What EXECUTE gives to a statement only that can tell.
        if self.is(at, "EXECUTE") && at == self.start && !self.is(at + 1, "IMMEDIATE") {
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

    fn name(&mut self, at: usize) {
        if self.kind(at + 1) == Some(Kind::Dot) {
            return;
        }
        let front = self.front(at);
        let name = self.inner(at);
        let secret = is_secret(name.as_bytes()) && !self.is_scope(at);
        if self.is(front, "INTO")
            || self.kind(front) == Some(Kind::Dot) && self.inserts && self.list.is_none()
        {
            self.all_secret |= secret;
        }
        if self.is_bare_password(at) {
            self.surely.push(at);
            return;
        }
        let number = self.level().expression;
        if self.expressions[number].named || self.expressions[number].placed {
            self.aliases.insert(name.to_lowercase());
        }
        if secret {
            self.expressions[number].named = true;
            let around = self.expressions[number].around;
            if let Some(around) = around {
                self.expressions[around].within = true;
            }
        }
        // PostgreSQL refuses `password = "x"`, which people write all the same.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_value = self.kind(at) == Some(Kind::Name)
            && self.dialect == Dialect::Postgres
            && self.kind(front) != Some(Kind::Dot)
            && (self.compares(front) || self.level().kind == Enclosed::Row)
            && !(secret && name.bytes().all(plain));
        if is_value {
            self.value(at);
        }
    }

    /// `SET SESSION x`, `SHOW SESSION STATUS`: no name.
    fn is_scope(&self, at: usize) -> bool {
        self.is(at, "SESSION")
            && self.kind(at + 1) == Some(Kind::Word)
            && (self.one_of(self.front(at), &["SET", "SHOW", "RESET"])
                || self.kind(self.front(at)) == Some(Kind::Comma))
    }

    /// `ALTER ROLE ada PASSWORD x`, which lacks its quotes.
    fn is_bare_password(&self, at: usize) -> bool {
        let front = self.front(at);
        let role = self.one_of(self.start, &["CREATE", "ALTER"])
            && self.one_of(self.start + 1, &["ROLE", "USER", "GROUP"]);
        let by = self.is(front, "BY") && self.is(self.front(front), "IDENTIFIED");
        (role && self.is(front, "PASSWORD") || by)
            && !self.one_of(at, &NO_PASSWORD)
            && !self.is(at, "PASSWORD")
    }

    fn literal(&mut self, at: usize) {
        let front = self.front(at);
        let text = self.inner(at);
        // A member of a document: `data ->> 'password'`.
        if self.is_sign(front, b">") && self.inner(front).starts_with(['-', '#']) {
            let secret = is_secret(text.as_bytes());
            self.expression().named |= secret;
            return;
        }
        let account = |at: usize| self.is_sign(at, b"@") && self.inner(at) == "@";
        let is_user = account(at + 1) && self.one_of(front, &ACCOUNTS);
        let is_host = account(front) && self.one_of(self.front(self.front(front)), &ACCOUNTS);
        if !is_user && !is_host {
            self.value(at);
        }
    }
}

/// Whether a text is a name, or a path to one: `password`, `$.user.password`, `{user,password}`.
fn is_path(text: &str) -> bool {
    text.len() <= 128
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.$[]{},:".contains(&byte))
}

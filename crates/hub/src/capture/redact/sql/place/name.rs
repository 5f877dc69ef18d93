//! Names, which tell what is secret, and literals that are names.

use super::Reading;
use crate::capture::redact::{
    names::is_secret,
    sql::{
        Dialect,
        keywords::{ACCOUNTS, NO_PASSWORD},
        part::Enclosed,
        token::Kind,
    },
};

impl Reading<'_> {
    pub(super) fn name(&mut self, at: usize) {
        if self.tokens.kind(at + 1) == Some(Kind::Dot) {
            return;
        }
        let front = self.tokens.front(at);
        let name = self.tokens.inner(at);
        let secret = is_secret(name.as_bytes()) && !self.is_scope(at);
        if self.tokens.is(front, "INTO")
            || self.tokens.kind(front) == Some(Kind::Dot) && self.inserts && self.list.is_none()
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
        let is_value = self.tokens.kind(at) == Some(Kind::Name)
            && self.dialect == Dialect::Postgres
            && self.tokens.kind(front) != Some(Kind::Dot)
            && (self.tokens.compares(front) || self.level().kind == Enclosed::Row)
            && !(secret && name.bytes().all(plain));
        if is_value {
            self.value(at);
        }
    }

    /// `SET SESSION x`, `SHOW SESSION STATUS`: no name.
    fn is_scope(&self, at: usize) -> bool {
        self.tokens.is(at, "SESSION")
            && self.tokens.kind(at + 1) == Some(Kind::Word)
            && (self.tokens.one_of(self.tokens.front(at), &["SET", "SHOW", "RESET"])
                || self.tokens.kind(self.tokens.front(at)) == Some(Kind::Comma))
    }

    /// `ALTER ROLE ada PASSWORD x`, which lacks its quotes.
    fn is_bare_password(&self, at: usize) -> bool {
        let front = self.tokens.front(at);
        let role = self.tokens.one_of(self.start, &["CREATE", "ALTER"])
            && self.tokens.one_of(self.start + 1, &["ROLE", "USER", "GROUP"]);
        let by = self.tokens.is(front, "BY") && self.tokens.is(self.tokens.front(front), "IDENTIFIED");
        (role && self.tokens.is(front, "PASSWORD") || by)
            && !self.tokens.one_of(at, &NO_PASSWORD)
            && !self.tokens.is(at, "PASSWORD")
    }

    pub(super) fn literal(&mut self, at: usize) {
        let front = self.tokens.front(at);
        let text = self.tokens.inner(at);
        // A member of a document: `data ->> 'password'`.
        if self.tokens.is_sign(front, b">") && self.tokens.inner(front).starts_with(['-', '#']) {
            let secret = is_secret(text.as_bytes());
            self.expression().named |= secret;
            return;
        }
        let account = |at: usize| self.tokens.is_sign(at, b"@") && self.tokens.inner(at) == "@";
        let is_user = account(at + 1) && self.tokens.one_of(front, &ACCOUNTS);
        let is_host =
            account(front) && self.tokens.one_of(self.tokens.front(self.tokens.front(front)), &ACCOUNTS);
        if !is_user && !is_host {
            self.value(at);
        }
    }
}

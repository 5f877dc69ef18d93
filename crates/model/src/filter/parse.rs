//! Tokens become an expression.

use std::{ops::Range, slice::Iter};

use jiff::Timestamp;

use super::{
    Expr, FIELDS, FilterError, Kind, Pattern, Term,
    field::Field,
    lex::{Operator, Token, What, tokens},
    value,
};
use crate::{config::near::nearest, target::shown};

/// How deep parentheses and `not` may go: deeper ones are nobody's question, and would take the stack.
const DEEPEST: usize = 32;

pub(super) fn parse(text: &str, now: Timestamp) -> Result<Expr, FilterError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: tokens.iter(), end: text.len(), now };
    let expr = parser.any(0)?;
    match parser.tokens.next() {
        None => Ok(expr),
        Some(token) => Err(mistake("`)` closes nothing", &token.at, "method:POST (status:5xx or took:>1s)")),
    }
}

struct Parser<'t> {
    tokens: Iter<'t, Token>,
    end: usize,
    now: Timestamp,
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut any = vec![self.all(depth)?];
        while let Some(Token { what: What::Or, at }) = self.tokens.as_slice().first() {
            self.tokens.next();
            if matches!(any.last(), Some(Expr::All(all)) if all.is_empty()) {
                return Err(mistake("nothing stands before `or`", at, "status:5xx or took:>1s"));
            }
            let next = self.all(depth)?;
            if matches!(&next, Expr::All(all) if all.is_empty()) {
                return Err(mistake("nothing stands behind `or`", at, "status:5xx or took:>1s"));
            }
            any.push(next);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expr::Any(any) })
    }

    fn all(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut all = Vec::new();
        while let Some(next) = self.tokens.as_slice().first() {
            match next.what {
                What::Or | What::Close => break,
                What::And => {
                    self.tokens.next();
                }
                _ => all.push(self.one(depth)?),
            }
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::All(all) })
    }

    fn one(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let end = self.end..self.end;
        let Some(token) = self.tokens.next() else {
            return Err(mistake("something has to follow", &end, "not status:200"));
        };
        if depth >= DEEPEST {
            return Err(mistake("this is nested too deep", &token.at, "status:5xx"));
        }
        match &token.what {
            What::Not => Ok(Expr::Not(Box::new(self.one(depth + 1)?))),
            What::Open => {
                let inside = self.any(depth + 1)?;
                match self.tokens.next() {
                    Some(Token { what: What::Close, .. }) => Ok(inside),
                    _ => {
                        Err(mistake("`(` is opened and never closed", &token.at, "(status:5xx or took:>1s)"))
                    }
                }
            }
            What::Field(name, operator) => self.term(name, *operator, &token.at),
            What::Text(word) | What::Quoted(word) => Ok(Expr::Term(Term::Word(Pattern::part(word)))),
            What::Regex(_) | What::Or | What::And | What::Close => {
                Err(mistake("a field has to stand before this", &token.at, "path:/v1/*"))
            }
        }
    }

    fn term(&mut self, name: &str, operator: Operator, at: &Range<usize>) -> Result<Expr, FilterError> {
        let (field, kind, sub) = field(name, at)?;
        let value = match self.tokens.as_slice().first() {
            Some(value) if value.at.start == at.end && is_value(&value.what) => value,
            _ => {
                let hint = format!("{name}:{}", value::example(kind));
                return Err(mistake(&format!("`{}` has no value", shown(name)), at, &hint));
            }
        };
        self.tokens.next();
        value::term(field, kind, sub, operator, value, self.now)
    }
}

fn is_value(what: &What) -> bool {
    matches!(what, What::Text(_) | What::Quoted(_) | What::Regex(_))
}

/// The field of this name, and which header where it names one.
fn field(name: &str, at: &Range<usize>) -> Result<(Field, Kind, Option<String>), FilterError> {
    if let Some(header) = name.strip_prefix("header.").filter(|header| !header.is_empty()) {
        return Ok((Field::Header, Kind::Text, Some(header.to_owned())));
    }
    if let Some((_, field, kind, _)) = FIELDS.iter().find(|(known, ..)| *known == name) {
        return Ok((*field, *kind, None));
    }
    let names = || FIELDS.iter().map(|(known, ..)| *known);
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "the fields are {}; quote what is to be searched for",
            names().collect::<Vec<_>>().join(", ")
        ),
    };
    Err(mistake(&format!("`{}` is no field", shown(name)), at, &hint))
}

pub(super) fn mistake(message: &str, at: &Range<usize>, hint: &str) -> FilterError {
    FilterError { message: message.to_owned(), at: at.clone(), hint: hint.to_owned() }
}

//! Whether an exchange is meant.

use super::{Expr, Field, Pattern, Term};

/// What can be asked about an exchange, which may still be on its way.
pub trait Subject {
    /// A number; `None` while it is not known. A number that will never be is NaN, which lies within no bounds.
    fn number(&self, field: Field) -> Option<f64>;

    /// Whether a text of this field is like the pattern, where `sub` names a header, or what of a process. `None` while
    /// it is not known.
    fn text(&self, field: Field, sub: Option<&str>, pattern: &Pattern) -> Option<bool>;

    /// Whether the pattern is anywhere.
    fn word(&self, pattern: &Pattern) -> Option<bool> {
        let fields = [Field::Method, Field::Target, Field::Header, Field::Error];
        any(fields.into_iter().map(|field| self.text(field, None, pattern)))
    }
}

/// By the logic of three values: what is not known makes the whole unknown only where it matters.
pub(super) fn evaluate(expr: &Expr, subject: &impl Subject) -> Option<bool> {
    match expr {
        Expr::All(all) => any(all.iter().map(|expr| evaluate(expr, subject).map(|is| !is))).map(|is| !is),
        Expr::Any(of) => any(of.iter().map(|expr| evaluate(expr, subject))),
        Expr::Not(expr) => evaluate(expr, subject).map(|is| !is),
        Expr::Term(Term::Number(field, bounds)) => subject.number(*field).map(|number| bounds.hold(number)),
        Expr::Term(Term::Text(field, sub, pattern)) => subject.text(*field, sub.as_deref(), pattern),
        Expr::Term(Term::Word(pattern)) => subject.word(pattern),
    }
}

/// Whether any is so; unknown when none is and one is unknown.
fn any(all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut found = Some(false);
    for is in all {
        match is {
            Some(true) => return Some(true),
            Some(false) => {}
            None => found = None,
        }
    }
    found
}

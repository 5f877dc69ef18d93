//! Statements without their secrets: which literals and parameters stand for a column, a setting or an option that is
//! named like a secret.
//!
//! Biased towards hiding. A literal is hidden when the expression it stands in names a secret, when its place in a list
//! of values is that of a column named so, and where only the server knows what it stands for (`EXECUTE x ('y')`). Which
//! signs end a literal depends on settings of the server, which are not seen: where that matters a statement is read in
//! both ways, and what either hides is hidden. Code, JSON and connection strings within literals are looked through too.
//!
//! Pure, and in linear time: what is read in all is counted (`steps`), and hidden unread behind a bound. Deliberately
//! absent: a grammar; the columns of tables, so that values that are inserted without a list of columns stay.

mod edit;
mod keywords;
mod literal;
mod part;
mod place;
mod settings;
mod steps;
#[cfg(test)]
mod tests;
mod token;

use self::{
    edit::{Edit, apply, hidden},
    steps::Steps,
    token::Kind,
};

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// PostgreSQL's: `"name"`, `E'\''`, `$$text$$`, `$1`.
    Postgres,
    /// That of MySQL and MariaDB: `` `name` ``, `"text"`, `'\''`, `?`.
    Mysql,
}

/// What was found in a statement.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The statement without its secrets; `None` when there were none.
    pub(crate) text: Option<String>,
    /// What was hidden, as the statement had it.
    pub(crate) secrets: Vec<String>,
    /// For each parameter whether it may be told. One whose place was not seen may not.
    pub(crate) told: Vec<bool>,
}

impl Found {
    /// Whether the parameter may be told that has this place, counted from 0.
    pub(crate) fn may_tell(&self, parameter: usize) -> bool {
        self.told.get(parameter).copied().unwrap_or(false)
    }
}

/// Takes the secrets out of a statement.
pub(crate) fn redact(text: &str, dialect: Dialect) -> Found {
    inside(text, dialect, 0, &Steps::of(text.len()))
}

/// Reads a statement that stands so deep within literals of others; only for the outermost the parameters are told.
fn inside(text: &str, dialect: Dialect, depth: usize, steps: &Steps) -> Found {
    let escapes = dialect == Dialect::Mysql;
    let mut edits = Vec::new();
    let mut told = read(text, dialect, escapes, (depth, steps), &mut edits);
    let quoted = |pair: &[u8]| matches!(pair, b"\\'" | b"\\\"");
    if text.as_bytes().windows(2).any(quoted) {
        let other = read(text, dialect, !escapes, (depth, steps), &mut edits);
        // Where both count differently nobody knows which is which.
        told = if told.len() == other.len() {
            told.iter().zip(&other).map(|(a, b)| *a && *b).collect()
        } else {
            Vec::new()
        };
    }
    let (text, secrets) = apply(text, edits);
    Found { text, secrets, told }
}

/// Reads a text in one way.
fn read(
    text: &str,
    dialect: Dialect,
    escapes: bool,
    (depth, steps): (usize, &Steps),
    edits: &mut Vec<Edit>,
) -> Vec<bool> {
    let all = token::tokens(text, dialect, escapes, steps);
    let secret = place::secret(text, &all, dialect, steps);
    let mut told: Vec<Option<bool>> = Vec::new();
    for (token, hides) in all.iter().zip(secret) {
        if let Kind::Parameter(number) = token.kind {
            // Those of a statement within a literal are given to nobody who asks here.
            if depth == 0 {
                note(&mut told, number, !hides);
            }
        } else if hides && !token.inner.is_empty() {
            let quote = matches!(token.kind, Kind::Number | Kind::Word);
            let with = if quote { format!("'{}'", hidden()) } else { hidden() };
            edits.push(Edit { range: token.inner.clone(), with, hides: true });
        } else if let Some(with) =
            literal::content(token, &text[token.inner.clone()], dialect, escapes, (depth + 1, steps))
        {
            edits.push(Edit { range: token.inner.clone(), with, hides: false });
        }
    }
    told.into_iter().map(|told| told.unwrap_or(false)).collect()
}

/// The most parameters that a statement may have, in either protocol.
const PARAMETERS: u32 = 65_535;

/// A parameter that stands in several places is told only if each of them may be.
fn note(told: &mut Vec<Option<bool>>, number: u32, may: bool) {
    if !(1..=PARAMETERS).contains(&number) {
        return;
    }
    let at = number as usize - 1;
    told.resize(told.len().max(at + 1), None);
    told[at] = Some(told[at].unwrap_or(true) && may);
}

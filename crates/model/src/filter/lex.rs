//! A filter as its tokens.

use std::ops::Range;

use super::FilterError;

/// A token, and where it stands in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) what: What,
    pub(super) at: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Open,
    Close,
    Or,
    And,
    Not,
    /// `field` and its operator.
    Field(String, Operator),
    /// Plain text: a value behind an operator, or a word.
    Text(String),
    /// The same in quotes, in which nothing has a meaning.
    Quoted(String),
    /// What stands between slashes, behind `~`.
    Regex(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `:`
    Is,
    /// `~`
    Has,
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let valued =
            tokens.last().is_some_and(|last| matches!(last.what, What::Field(..)) && last.at.end == at);
        let found = match next {
            _ if next.is_whitespace() => {
                at += next.len_utf8();
                continue;
            }
            '"' | '\'' => quoted(text, at, next)?,
            '/' if valued
                && matches!(tokens.last(), Some(Token { what: What::Field(_, Operator::Has), .. })) =>
            {
                between(text, at, '/', What::Regex)?
            }
            '(' if !valued => token(What::Open, at, 1),
            ')' => token(What::Close, at, 1),
            '|' if !valued => token(What::Or, at, if text[at..].starts_with("||") { 2 } else { 1 }),
            '&' if !valued => token(What::And, at, if text[at..].starts_with("&&") { 2 } else { 1 }),
            '!' | '-' if !valued => token(What::Not, at, 1),
            _ => word(text, at, valued),
        };
        at = found.at.end;
        tokens.push(found);
    }
    Ok(tokens)
}

fn token(what: What, at: usize, length: usize) -> Token {
    Token { what, at: at..at + length }
}

/// A word, or a field with its operator. Behind an operator everything up to a space or `)` is the value.
fn word(text: &str, at: usize, valued: bool) -> Token {
    let rest = &text[at..];
    let end =
        rest.find(|c: char| c.is_whitespace() || c == ')' || (c == '(' && !valued)).unwrap_or(rest.len());
    let word = &rest[..end];
    if !valued && let Some(operator) = word.find([':', '~', '<', '>', '=']).filter(|operator| *operator > 0) {
        let name = &word[..operator];
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
            // `status>=500` says the same as `status:>=500`: there the value begins with the operator.
            let (is, length) = match word.as_bytes()[operator] {
                b':' => (Operator::Is, operator + 1),
                b'~' => (Operator::Has, operator + 1),
                _ => (Operator::Is, operator),
            };
            return token(What::Field(name.to_ascii_lowercase(), is), at, length);
        }
    }
    let what = match word {
        "or" | "OR" if !valued => What::Or,
        "and" | "AND" if !valued => What::And,
        "not" | "NOT" if !valued => What::Not,
        _ => What::Text(word.to_owned()),
    };
    token(what, at, end)
}

fn quoted(text: &str, at: usize, quote: char) -> Result<Token, FilterError> {
    between(text, at, quote, What::Quoted)
}

/// What stands between two of these marks; `\` takes the next character as it is.
fn between(text: &str, at: usize, mark: char, what: fn(String) -> What) -> Result<Token, FilterError> {
    let mut inside = String::new();
    let mut chars = text[at + 1..].char_indices();
    while let Some((offset, c)) = chars.next() {
        match c {
            _ if c == mark => return Ok(token(what(inside), at, offset + 2)),
            '\\' => match chars.next() {
                // In a regular expression, only the mark itself needs the backslash taken off.
                Some((_, escaped)) if mark == '/' && escaped != '/' => inside.extend(['\\', escaped]),
                Some((_, escaped)) => inside.push(escaped),
                None => break,
            },
            _ => inside.push(c),
        }
    }
    Err(FilterError {
        message: format!("`{mark}` is opened and never closed"),
        at: at..text.len(),
        hint: format!("{}{mark}", &text[at..]),
    })
}

//! Statements without their secrets: which literals and parameters stand for a column, a setting or an option that is
//! named like a secret.
//!
//! Biased towards hiding. A literal is hidden when the expression it stands in names a secret, when its place in a list
//! of values is that of a column named so, and where only the server knows what it stands for (`EXECUTE x ('y')`). Which
//! signs end a literal depends on settings of the server, which are not seen: where that matters a statement is read in
//! both ways, and what either hides is hidden. Code, JSON and connection strings within literals are looked through too.
//!
//! Pure, and in linear time. Deliberately absent: a grammar; the columns of tables, so that values that are inserted
//! without a list of columns stay.

mod keywords;
mod part;
mod place;
#[cfg(test)]
mod tests;
mod token;

use std::ops::Range;

use self::token::{Kind, Token};
use super::{REDACTED, Seen as Content, body, names::is_secret, url};

/// How deep statements within literals are followed.
const DEPTH: usize = 3;

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
    inside(text, dialect, 0)
}

/// A piece of the text, and what is to stand there.
struct Edit {
    range: Range<usize>,
    with: String,
    /// Whether a secret stood there, and not only somewhere within it.
    hides: bool,
}

fn inside(text: &str, dialect: Dialect, depth: usize) -> Found {
    let escapes = dialect == Dialect::Mysql;
    let mut edits = Vec::new();
    let mut told = read(text, dialect, escapes, depth, &mut edits);
    let quoted = |pair: &[u8]| matches!(pair, b"\\'" | b"\\\"");
    if text.as_bytes().windows(2).any(quoted) {
        let other = read(text, dialect, !escapes, depth, &mut edits);
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
fn read(text: &str, dialect: Dialect, escapes: bool, depth: usize, edits: &mut Vec<Edit>) -> Vec<bool> {
    let all = token::tokens(text, dialect, escapes);
    let hidden = place::hidden(text, &all, dialect);
    let mut told: Vec<Option<bool>> = Vec::new();
    for (token, hides) in all.iter().zip(hidden) {
        if let Kind::Parameter(number) = token.kind {
            note(&mut told, number, !hides);
        } else if hides && !token.inner.is_empty() {
            let quote = matches!(token.kind, Kind::Number | Kind::Word);
            let hidden = String::from_utf8_lossy(REDACTED).into_owned();
            let with = if quote { format!("'{hidden}'") } else { hidden };
            edits.push(Edit { range: token.inner.clone(), with, hides: true });
        } else if depth < DEPTH
            && let Some(with) = content(token, &text[token.inner.clone()], dialect, escapes, depth + 1)
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

/// What a literal or a comment has to become, that is no secret as a whole.
fn content(token: &Token, text: &str, dialect: Dialect, escapes: bool, depth: usize) -> Option<String> {
    let plain = match token.kind {
        Kind::Text | Kind::Either => unescaped(text, token.kind, escapes),
        Kind::Dollar | Kind::Comment => text.to_owned(),
        _ => return None,
    };
    // The shortest that has a secret is `pin=1`.
    if plain.len() < 5 || !plain.bytes().any(|byte| matches!(byte, b'\'' | b'"' | b'=' | b':' | b'$')) {
        return None;
    }
    let once = match body(super::Form::Unknown, super::Encoding::None, plain.as_bytes(), &[]) {
        Content::Instead { head, .. } => Some(String::from_utf8_lossy(&head).into_owned()),
        _ if plain.starts_with(['{', '[']) => None,
        _ => inside(&plain, dialect, depth).text,
    };
    let so_far = once.as_deref().unwrap_or(&plain);
    let settings = if token.kind == Kind::Dollar { None } else { settings(so_far) };
    let so_far = settings.as_deref().unwrap_or(so_far);
    let urls = so_far.contains("://").then(|| url::redact(so_far.as_bytes()).changed()).flatten();
    let clean = urls.map(|urls| String::from_utf8_lossy(&urls).into_owned()).or(settings).or(once)?;
    Some(match token.kind {
        Kind::Text => escaped(&clean, '\'', escapes),
        Kind::Either => escaped(&clean, '"', escapes),
        _ => clean,
    })
}

/// `password=x` as strings of connections have it: up to the next space.
fn settings(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let (mut edits, mut at) = (Vec::new(), 0);
    while let Some(next) = memchr::memchr(b'=', &bytes[at..]) {
        let equals = at + next;
        let name = bytes[at..equals].trim_ascii_end();
        let start = name.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && !b"_-.".contains(byte));
        let space = bytes[equals + 1..].iter().take_while(|byte| **byte == b' ').count();
        at = equals + 1 + space;
        let value = bytes[at..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        // What is quoted or a place for a value is that of a statement.
        let plain = bytes.get(at).is_some_and(|byte| !b"'\"`$?:(=".contains(byte))
            && !bytes[at..].starts_with(REDACTED);
        if plain && is_secret(&name[start.map_or(0, |start| start + 1)..]) {
            let with = String::from_utf8_lossy(REDACTED).into_owned();
            edits.push(Edit { range: at..at + value, with, hides: true });
            at += value;
        }
    }
    apply(text, edits).0
}

/// The text with these edits, and what was hidden. Where two meet all of both is hidden.
fn apply(text: &str, mut edits: Vec<Edit>) -> (Option<String>, Vec<String>) {
    edits.sort_unstable_by_key(|edit| (edit.range.start, edit.range.end));
    let mut merged: Vec<Edit> = Vec::new();
    for edit in edits {
        match merged.last_mut() {
            Some(last) if edit.range == last.range && edit.with == last.with => {}
            Some(last) if edit.range.start < last.range.end || edit.range == last.range => {
                last.range.end = last.range.end.max(edit.range.end);
                (last.with, last.hides) = (String::from_utf8_lossy(REDACTED).into_owned(), true);
            }
            _ => merged.push(edit),
        }
    }
    let (mut out, mut secrets, mut at) = (String::new(), Vec::new(), 0);
    for edit in &merged {
        out.push_str(&text[at..edit.range.start]);
        out.push_str(&edit.with);
        at = edit.range.end;
        if edit.hides {
            secrets.push(text[edit.range.clone()].to_owned());
        }
    }
    out.push_str(&text[at..]);
    ((!merged.is_empty()).then_some(out), secrets)
}

/// What a literal stands for. Of escapes only those are taken off that a statement within needs.
fn unescaped(text: &str, kind: Kind, escapes: bool) -> String {
    let quote = if kind == Kind::Either { '"' } else { '\'' };
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if escapes => plain.extend(letters.next().map(|next| if next == 'n' { '\n' } else { next })),
            _ if letter == quote => {
                letters.next_if_eq(&quote);
                plain.push(quote);
            }
            _ => plain.push(letter),
        }
    }
    plain
}

fn escaped(plain: &str, quote: char, escapes: bool) -> String {
    let mut text = String::with_capacity(plain.len());
    for letter in plain.chars() {
        if letter == quote || letter == '\\' && escapes {
            text.push(letter);
        }
        text.push(letter);
    }
    text
}

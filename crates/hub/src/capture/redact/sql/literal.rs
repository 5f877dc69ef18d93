//! What stands within literals and comments: statements, documents, settings and URLs.
//!
//! How deep one is followed and how much is read in all are bounded; what lies behind the bounds is hidden. Of the escapes
//! of a literal only those are taken off that a statement within needs.

use super::{
    Dialect,
    edit::hidden,
    inside, settings,
    steps::Steps,
    token::{Kind, Token},
};
use crate::capture::redact::{Encoding, Form, Seen as Content, body, url};

/// How deep statements within literals are followed.
const DEPTH: usize = 3;

/// What a literal or a comment has to become, that is no secret as a whole.
pub(super) fn content(
    token: &Token,
    text: &str,
    dialect: Dialect,
    escapes: bool,
    (depth, steps): (usize, &Steps),
) -> Option<String> {
    steps.take(text.len());
    let plain = match token.kind {
        Kind::Text | Kind::Either => unescaped(text, token.kind, escapes),
        Kind::Dollar | Kind::Comment => text.to_owned(),
        _ => return None,
    };
    // The shortest that has a secret is `pin=1`.
    if plain.len() < 5 || !plain.bytes().any(|byte| matches!(byte, b'\'' | b'"' | b'=' | b':' | b'$')) {
        return None;
    }
    if depth > DEPTH || !steps.are_left() {
        return Some(hidden());
    }
    steps.take(plain.len());
    let once = match body(Form::Unknown, Encoding::None, plain.as_bytes(), &[]) {
        Content::Instead { head, .. } => Some(String::from_utf8_lossy(&head).into_owned()),
        _ if plain.starts_with(['{', '[']) => None,
        _ => inside(&plain, dialect, depth, steps).text,
    };
    let so_far = once.as_deref().unwrap_or(&plain);
    let settings = if token.kind == Kind::Dollar { None } else { settings::redact(so_far, steps) };
    let so_far = settings.as_deref().unwrap_or(so_far);
    let urls = so_far.contains("://").then(|| url::redact(so_far.as_bytes()).changed()).flatten();
    let clean = urls.map(|urls| String::from_utf8_lossy(&urls).into_owned()).or(settings).or(once)?;
    Some(match token.kind {
        Kind::Text => escaped(&clean, '\'', escapes),
        Kind::Either => escaped(&clean, '"', escapes),
        _ => clean,
    })
}

/// What a literal stands for.
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

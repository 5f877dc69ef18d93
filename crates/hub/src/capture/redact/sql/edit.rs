//! What is put into a text in the place of something else.

use std::ops::Range;

use crate::capture::redact::REDACTED;

/// A piece of the text, and what is to stand there.
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) with: String,
    /// Whether a secret stood there, and not only somewhere within it.
    pub(super) hides: bool,
}

/// What stands where a secret was, as text.
pub(super) fn hidden() -> String {
    String::from_utf8_lossy(REDACTED).into_owned()
}

/// The text with these edits, and what was hidden. Where two meet all of both is hidden.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> (Option<String>, Vec<String>) {
    edits.sort_unstable_by_key(|edit| (edit.range.start, edit.range.end));
    let mut merged: Vec<Edit> = Vec::new();
    for edit in edits {
        match merged.last_mut() {
            Some(last) if edit.range == last.range && edit.with == last.with => {}
            Some(last) if edit.range.start < last.range.end || edit.range == last.range => {
                last.range.end = last.range.end.max(edit.range.end);
                (last.with, last.hides) = (hidden(), true);
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

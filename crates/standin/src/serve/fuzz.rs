//! What fuzzing reaches of parsers that are nobody else's.

use std::time::{Duration, SystemTime};

use bytes::BytesMut;

use super::{
    change::form::{Event, Form},
    condition::{Conditions, Verdict, Version, is_same, judge},
    dav::states,
};

/// The tag of [`judged`]'s version.
pub const TAG: &str = "\"a\"";

/// A file, or a field, of a form: its name and its content.
pub type Part = (Option<String>, Vec<u8>);

/// What a form with this boundary brings, where it comes in pieces of this length, and how much of it was kept at most;
/// `None` where it is no form, or is cut short.
pub fn form(bytes: &[u8], boundary: &str, piece: usize) -> (Option<Vec<Part>>, usize) {
    let (mut form, mut parts, mut most) = (Form::new(boundary), Vec::<Part>::new(), 0);
    let mut pieces = bytes.chunks(piece.clamp(1, bytes.len().max(1)));
    loop {
        match form.next() {
            Err(_) => return (None, most),
            Ok(Some(Event::Done)) => return (Some(parts), most),
            Ok(Some(Event::Part(name))) => parts.push((name, Vec::new())),
            Ok(Some(Event::Content(more))) => {
                if let Some((_, content)) = parts.last_mut() {
                    content.extend_from_slice(&more);
                }
            }
            Ok(Some(Event::End)) => {}
            Ok(None) => {
                most = most.max(form.kept());
                match pieces.next() {
                    Some(piece) => form.feed(&BytesMut::from(piece)),
                    None => return (None, most),
                }
            }
        }
    }
}

/// What follows from If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since, in this order, for a read or a
/// write of a file with [`TAG`]: `Some(true)` where it is done, `Some(false)` where that has failed, `None` where the
/// client has it. Then whether the last value, as If-Range, names this very version.
pub fn judged(fields: [Option<&[u8]>; 4], if_range: &[u8], reads: bool) -> (Option<bool>, bool) {
    let [matches, none_match, modified_since, unmodified_since] = fields;
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let version = Version { tag: Some(TAG), changed: Some(changed) };
    let conditions = Conditions { matches, none_match, modified_since, unmodified_since };
    let verdict = match judge(&conditions, &version, reads) {
        Verdict::Proceed => Some(true),
        Verdict::Failed => Some(false),
        Verdict::NotModified => None,
    };
    (verdict, is_same(if_range, &version, changed + Duration::from_secs(60)))
}

/// What `If` says, written again, its tokens, and whether it holds where everything is so, and where nothing is; `None`
/// where it is none.
pub fn states(value: &str) -> Option<(String, Vec<String>, bool, bool)> {
    use std::fmt::Write as _;
    let lists = states::parse(value)?;
    let mut written = String::new();
    for list in &lists {
        let _ = list.about.map(|about| write!(written, "<{about}>"));
        written.push('(');
        for states::Condition { not, state } in &list.conditions {
            written.push_str(if *not { "Not" } else { "" });
            // Writing to a string cannot fail.
            let _ = match state {
                states::State::Token(token) => write!(written, "<{token}>"),
                states::State::Tag(tag) => write!(written, "[{tag}]"),
            };
        }
        written.push(')');
    }
    let all = |so: bool| states::hold(&lists, |_, _| so);
    Some((written, states::tokens(&lists), all(true), all(false)))
}

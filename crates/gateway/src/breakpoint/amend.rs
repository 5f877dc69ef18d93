//! What may be changed of a message that is held, and how its lengths are put right: pure.
//!
//! An edited head is read by `h1` as if it had come from the wire, so nothing that a client could not send can be
//! made of it. What says how long the body is, and what belongs to one connection, is never taken from the edit.
//! Deliberately absent: trailers of a body that is sent anew; they go with its chunks.

use navyd_h1::{self as h1, Asked, Parsed, Verb};
use navyd_model::exchange::Side;

/// Fields that belong to one connection (RFC 9110 §7.6.1), or promise a body that has come already.
const HOP: [&str; 6] = ["connection", "keep-alive", "proxy-connection", "te", "upgrade", "expect"];

/// Fields that say how long the body is (RFC 9112 §6).
const FRAMING: [&str; 3] = ["content-length", "transfer-encoding", "trailer"];

/// Fields that tell of the very bytes of a body, and are wrong for another one.
const OF_BODY: [&str; 5] = ["content-encoding", "content-md5", "digest", "content-digest", "repr-digest"];

/// A message as it was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Original<'a> {
    /// Who sent it.
    pub(crate) from: Side,
    /// Its head, with the empty line at its end.
    pub(crate) head: &'a [u8],
    /// What its request asked for: a request has its own here.
    pub(crate) asked: Asked,
    /// The payload of its body, where all of it is held.
    pub(crate) body: Option<&'a [u8]>,
}

/// A message that is sent instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amended {
    /// Its head, with the empty line at its end.
    pub(crate) head: Vec<u8>,
    /// Its body, as long as the head says; `None` where the body was not held and follows as it was framed.
    pub(crate) body: Option<Vec<u8>>,
    /// What was changed, as a person reads it; empty when nothing was.
    pub(crate) changes: String,
}

/// Why a message cannot be sent so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The head cannot be read.
    #[error("the head cannot be sent: {0}")]
    Head(&'static str),
    /// The first line is none.
    #[error("the first line is `METHOD TARGET` of a request, and `HTTP/1.1 STATUS` of an answer")]
    Line,
    /// The held head has bytes that are no text.
    #[error("the head is no text, and cannot be edited")]
    Binary,
    /// A method whose answer is framed in another way than the client expects.
    #[error("`{0}` cannot become `{1}`: the client reads the answer to one in another way than to the other")]
    Method(String, String),
    /// A status that is no final answer, or that changes what the connection is.
    #[error("`{0}` cannot be sent as the status of this answer")]
    Status(u16),
    /// Such a message has no body.
    #[error("this message has no body, whatever its head says")]
    Bodiless,
    /// The body is not held.
    #[error("the body is not held, and cannot be edited: it passes behind the head")]
    Passes,
}

/// The message with another head and body, where they are given.
///
/// # Errors
/// When it could not be read as exactly one message by whoever reads it next.
pub(crate) fn amend(
    original: &Original<'_>,
    head: Option<&str>,
    body: Option<&[u8]>,
    limits: &h1::Limits,
) -> Result<Amended, Wrong> {
    let known = std::str::from_utf8(original.head);
    if head.is_some() && known.is_err() {
        return Err(Wrong::Binary);
    }
    let before = Lines::of(original.head);
    let edited = head.map(|head| head.replace("\r\n", "\n"));
    let after = match &edited {
        Some(text) => Lines::typed(text),
        None => Lines::of(original.head),
    };
    let mut out = line(original, &before, &after)?;
    let bodiless = original.from == Side::Server
        && (original.asked.verb == Verb::Head || matches!(status(&out), Some(204 | 304)));
    let replaces = original.body.is_some() && !bodiless;
    match body {
        Some(body) if original.body.is_none() && !body.is_empty() => return Err(Wrong::Passes),
        Some(body) if bodiless && !body.is_empty() => return Err(Wrong::Bodiless),
        _ => {}
    }
    let new_body = body.filter(|body| replaces && original.body != Some(*body));
    let is_ours = |name: &[u8]| is_one(name, &HOP) || is_one(name, &FRAMING) || is_one(name, &OF_BODY);
    for field in after.fields.iter().filter(|field| !is_ours(name(field))) {
        push(&mut out, field);
    }
    let had_body = before.fields.iter().any(|field| is_one(name(field), &FRAMING));
    for field in &before.fields {
        let kept = match name(field) {
            named if is_one(named, &["expect"]) => !replaces,
            named if is_one(named, &HOP) => true,
            named if is_one(named, &FRAMING) => !replaces && status(&out) != Some(204),
            named if is_one(named, &OF_BODY) => new_body.is_none(),
            _ => false,
        };
        if kept {
            push(&mut out, field);
        }
    }
    let body = replaces.then(|| new_body.or(original.body).unwrap_or_default().to_vec());
    // RFC 9110 §8.6: a server is told a length of 0 by whoever could have sent more; a response without one would
    // last until its connection ends.
    if let Some(body) = &body
        && (!body.is_empty() || had_body || original.from == Side::Server)
    {
        push(&mut out, format!("Content-Length: {}", body.len()).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    check(original, &out, limits)?;
    let changes = changes(&before, &after, new_body.is_some());
    Ok(Amended { head: out, body, changes })
}

/// The head of a request without its wish to be told that it may send a body (RFC 9110 §10.1.1): it was.
pub(crate) fn without_expectation(head: &[u8]) -> Vec<u8> {
    let lines = Lines::of(head);
    let mut out = Vec::with_capacity(head.len());
    push(&mut out, lines.first);
    lines
        .fields
        .iter()
        .filter(|field| !is_one(name(field), &["expect"]))
        .for_each(|field| push(&mut out, field));
    out.extend_from_slice(b"\r\n");
    out
}

/// The first line, with the version that the message came with.
fn line(original: &Original<'_>, before: &Lines<'_>, after: &Lines<'_>) -> Result<Vec<u8>, Wrong> {
    let words = |line| <[u8]>::split(line, |byte| *byte == b' ').collect::<Vec<&[u8]>>();
    let (was, is) = (words(before.first), words(after.first));
    let mut out = Vec::new();
    match original.from {
        Side::Client => {
            let (Some(method), Some(target)) = (is.first(), is.get(1).filter(|target| !target.is_empty()))
            else {
                return Err(Wrong::Line);
            };
            if is.len() > 3 || is.get(2).is_some_and(|version| !version.starts_with(b"HTTP/")) {
                return Err(Wrong::Line);
            }
            let framed_otherwise = |method: &[u8]| matches!(method, b"HEAD" | b"CONNECT");
            if *method != was[0] && (framed_otherwise(method) || framed_otherwise(was[0])) {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                return Err(Wrong::Method(text(was[0]), text(method)));
            }
            let version = was.last().copied().unwrap_or(b"HTTP/1.1");
            out.extend([method, &b" "[..], target, b" ", version, b"\r\n"].concat());
        }
        Side::Server => {
            let version = was[0];
            let first = is.first().is_some_and(|first| first.starts_with(b"HTTP/"));
            let code = is.get(1).filter(|code| first && code.len() == 3).ok_or(Wrong::Line)?;
            let known =
                |words: &[&[u8]]| words.get(1).and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
            let (Some(new), old): (Option<u16>, Option<u16>) = (known(&is), known(&was)) else {
                return Err(Wrong::Line);
            };
            let changed = Some(new) != old;
            if changed && (!(200..600).contains(&new) || old == Some(101)) {
                return Err(Wrong::Status(new));
            }
            let reason = is[2..].join(&b' ');
            out.extend([version, b" ", code, b" ", &reason, b"\r\n"].concat());
        }
    }
    Ok(out)
}

/// Reads it as its next reader will.
fn check(original: &Original<'_>, head: &[u8], limits: &h1::Limits) -> Result<(), Wrong> {
    let parsed = match original.from {
        Side::Client => h1::Request::default().parse(head, 0, limits),
        Side::Server => h1::Response::default().parse(head, 0, limits, original.asked),
    };
    match parsed {
        Ok(Parsed::Complete(end)) if end == head.len() => Ok(()),
        Ok(_) => Err(Wrong::Head("it does not end where it should")),
        Err(reject) => Err(Wrong::Head(reject.reason)),
    }
}

/// A head, in lines.
struct Lines<'a> {
    first: &'a [u8],
    fields: Vec<&'a [u8]>,
}

impl<'a> Lines<'a> {
    /// One that was sent: its reader has found each line to end as it should. Empty lines before it are none of it
    /// (RFC 9112 §2.2).
    fn of(head: &'a [u8]) -> Self {
        let lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let mut lines = lines.skip_while(|line| line.is_empty());
        let first = lines.next().unwrap_or_default();
        Self { first, fields: lines.take_while(|line| !line.is_empty()).collect() }
    }

    /// One that was typed, up to its end.
    fn typed(text: &'a str) -> Self {
        let mut lines = text.trim_end_matches('\n').split('\n').map(str::as_bytes);
        let first = lines.next().unwrap_or_default();
        Self { first, fields: lines.collect() }
    }
}

fn name(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == b':').next().unwrap_or_default()
}

fn is_one(name: &[u8], of: &[&str]) -> bool {
    of.iter().any(|one| name.eq_ignore_ascii_case(one.as_bytes()))
}

fn push(out: &mut Vec<u8>, line: &[u8]) {
    out.extend_from_slice(line);
    out.extend_from_slice(b"\r\n");
}

fn status(head: &[u8]) -> Option<u16> {
    let code = head.strip_prefix(b"HTTP/")?.split(|byte| *byte == b' ').nth(1)?;
    std::str::from_utf8(code.get(..3)?).ok()?.parse().ok()
}

/// What differs, by its name: values may be secret.
fn changes(before: &Lines<'_>, after: &Lines<'_>, body: bool) -> String {
    let mut found: Vec<String> = Vec::new();
    let words =
        |line: &'_ [u8]| -> Vec<Vec<u8>> { line.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect() };
    let (was, is) = (words(before.first), words(after.first));
    let names = if before.first.starts_with(b"HTTP/") { ["", "status"] } else { ["method", "target"] };
    for (at, named) in names.into_iter().enumerate().filter(|(_, named)| !named.is_empty()) {
        if was.get(at) != is.get(at) {
            found.push(named.to_owned());
        }
    }
    let counts = |field: &&&[u8]| {
        !is_one(name(field), &HOP) && !is_one(name(field), &FRAMING) && !is_one(name(field), &OF_BODY)
    };
    let all = before.fields.iter().chain(&after.fields).filter(counts).map(|field| name(field));
    for named in all {
        let of = |lines: &Lines<'_>| -> Vec<Vec<u8>> {
            let same = lines.fields.iter().filter(|field| name(field).eq_ignore_ascii_case(named));
            same.map(|field| field[name(field).len()..].trim_ascii().to_vec()).collect()
        };
        let text = String::from_utf8_lossy(named).to_ascii_lowercase();
        if of(before) != of(after) && !found.contains(&text) {
            found.push(text);
        }
    }
    if body {
        found.push("body".to_owned());
    }
    found.join(", ")
}

#[cfg(test)]
mod tests;

//! The difference of two exchanges, in parts that a terminal can colour.
//!
//! Heads are compared field by field, whatever the order between names; bodies line by line, and JSON is laid out
//! first, with its numbers as they were written. Bytes are compared as they are dumped. Deliberately absent: times and
//! addresses, which always differ; drawing.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use navyd_model::exchange::{Body, Exchange, Message, Piece, Side};
use serde::{Serialize, de::IgnoredAny};
use similar::{ChangeTag, DiffOp, TextDiff};

/// The most lines of a body that are compared: what is longer takes time with its square.
const MOST_LINES: usize = 5_000;
/// How many lines that are alike stand around a difference.
const AROUND: usize = 3;
/// How many bytes a line of a dump has.
const DUMPED: usize = 16;

/// What is compared with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What it is of: `exchange`, `request head`, `response body`.
    pub of: &'static str,
    /// Its lines. All are alike, or [`Part::differs`].
    pub lines: Vec<Line>,
}

/// A line of both, or of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// In both.
    Same(String),
    /// In the first alone.
    Removed(String),
    /// In the second alone.
    Added(String),
    /// So many lines of both that are left out.
    Alike(usize),
    /// So many lines of either that were not compared.
    NotCompared(usize),
}

/// Compares two exchanges; a part that neither has is left out.
pub fn difference(one: &Exchange, other: &Exchange) -> Vec<Part> {
    let empty = Message::default();
    let responses = [one, other].map(|exchange| exchange.response.as_ref().unwrap_or(&empty));
    let parts = [
        ("exchange", fields(&told(one), &told(other))),
        ("request head", head(&one.request, &other.request)),
        ("request body", body(one.request.body.as_ref(), other.request.body.as_ref())),
        ("response head", head(responses[0], responses[1])),
        ("response body", body(responses[0].body.as_ref(), responses[1].body.as_ref())),
        ("trailers", fields(&responses[0].trailers, &responses[1].trailers)),
        ("messages", text(&messages(&one.pieces), &messages(&other.pieces))),
    ];
    let parts = parts.into_iter().filter(|(_, lines)| !lines.is_empty());
    parts.map(|(of, lines)| Part { of, lines }).collect()
}

impl Part {
    /// Whether the two differ here, as far as they were compared.
    pub fn differs(&self) -> bool {
        self.lines.iter().any(|line| matches!(line, Line::Removed(_) | Line::Added(_)))
    }
}

/// What an exchange is, of any protocol.
fn told(exchange: &Exchange) -> Vec<(String, String)> {
    let summary = &exchange.summary;
    let mut told = vec![
        ("method".to_owned(), summary.method.clone()),
        ("target".to_owned(), summary.target.clone()),
        ("outcome".to_owned(), summary.outcome.as_str().to_owned()),
    ];
    told.extend(summary.status.map(|status| ("status".to_owned(), status.to_string())));
    told.extend(summary.error.as_ref().map(|error| ("error".to_owned(), error.clone())));
    told.extend(summary.faults.iter().map(|fault| ("fault".to_owned(), fault.clone())));
    told
}

fn head(one: &Message, other: &Message) -> Vec<Line> {
    let line =
        |message: &Message| message.line.clone().into_iter().map(|line| (String::new(), line)).collect();
    let (first, second): (Vec<_>, Vec<_>) = (line(one), line(other));
    [fields(&first, &second), fields(&one.headers, &other.headers)].concat()
}

/// Fields by their names, each with its values in order: the names of the first, then those that only the other has.
fn fields(one: &[(String, String)], other: &[(String, String)]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (name, _) in one.iter().chain(other) {
        if seen.iter().any(|seen| seen.eq_ignore_ascii_case(name)) {
            continue;
        }
        seen.push(name);
        let [ours, theirs] = [one, other].map(|all| {
            let these = all.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            these.map(|(name, value)| (value, shown(name, value))).collect::<Vec<_>>()
        });
        // A name in another case is the same name (RFC 9110 §5.1).
        let mut left = theirs;
        for (value, line) in ours {
            match left.iter().position(|(other, _)| *other == value) {
                Some(at) => {
                    left.remove(at);
                    lines.push(Line::Same(line));
                }
                None => lines.push(Line::Removed(line)),
            }
        }
        lines.extend(left.into_iter().map(|(_, line)| Line::Added(line)));
    }
    lines
}

fn shown(name: &str, value: &str) -> String {
    if name.is_empty() { value.to_owned() } else { format!("{name}: {value}") }
}

fn body(one: Option<&Body>, other: Option<&Body>) -> Vec<Line> {
    let [one, other] = [one, other].map(|body| body.map(lines).unwrap_or_default());
    text(&one, &other)
}

/// A body, in lines.
fn lines(body: &Body) -> String {
    let whole = |text: &String| if is_json(text) { laid_out(text) } else { text.clone() };
    let mut text = match (&body.text, &body.base64) {
        (Some(text), _) => whole(text),
        (None, Some(base64)) => dumped(&BASE64_STANDARD.decode(base64).unwrap_or_default()),
        (None, None) => format!("{} bytes, of which none are kept\n", body.size),
    };
    if let Some(note) = &body.note {
        let _ = write!(text, "\n{note}");
    }
    text
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// JSON with a line for each member and item. It is JSON, so a quote ends a text unless a backslash stands before it.
fn laid_out(json: &str) -> String {
    let (mut out, mut depth, mut in_text, mut escaped) = (String::new(), 0usize, false, false);
    let end_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for c in json.chars() {
        if in_text {
            out.push(c);
            in_text = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '{' | '[' => {
                out.push(c);
                depth += 1;
                end_line(&mut out, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                // What is empty stays on one line.
                match out.trim_end().ends_with(['{', '[']) {
                    true => out.truncate(out.trim_end().len()),
                    false => end_line(&mut out, depth),
                }
                out.push(c);
            }
            ',' => {
                out.push(c);
                end_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => {
                in_text = c == '"';
                out.push(c);
            }
        }
    }
    out.push('\n');
    out
}

/// Bytes in hexadecimal, with where each line begins.
fn dumped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (at, line) in bytes.chunks(DUMPED).enumerate() {
        let _ = write!(out, "{:08x} ", at * DUMPED);
        line.iter().for_each(|byte| {
            let _ = write!(out, " {byte:02x}");
        });
        out.push('\n');
    }
    out
}

fn messages(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        let from = if piece.from == Side::Client { "client" } else { "server" };
        let data = piece.text.as_ref().or(piece.base64.as_ref()).map_or("", String::as_str);
        let _ = writeln!(out, "{from}: {}: {}", piece.kind, data.escape_debug());
    }
    out
}

/// Lines of two texts, with those that are alike left out where they are many.
fn text(one: &str, other: &str) -> Vec<Line> {
    let [one, other] = [one, other].map(|text| text.lines().collect::<Vec<_>>());
    let more = one.len().max(other.len()).saturating_sub(MOST_LINES);
    let [old, new] = [&one, &other].map(|lines| &lines[..lines.len().min(MOST_LINES)]);
    let diff = TextDiff::from_slices(old, new);
    let mut lines = Vec::new();
    let mut told = 0;
    for group in diff.grouped_ops(AROUND) {
        let begin = group.first().map_or(told, |op: &DiffOp| op.old_range().start);
        lines.extend((begin > told).then(|| Line::Alike(begin - told)));
        told = group.last().map_or(begin, |op| op.old_range().end);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().to_owned();
            lines.push(match change.tag() {
                ChangeTag::Equal => Line::Same(text),
                ChangeTag::Delete => Line::Removed(text),
                ChangeTag::Insert => Line::Added(text),
            });
        }
    }
    lines.extend((old.len() > told).then(|| Line::Alike(old.len() - told)));
    lines.extend((more > 0).then_some(Line::NotCompared(more)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::samples;

    fn drawn(lines: &[Line]) -> Vec<String> {
        let draw = |line: &Line| match line {
            Line::Same(text) => format!(" {text}"),
            Line::Removed(text) => format!("-{text}"),
            Line::Added(text) => format!("+{text}"),
            Line::Alike(count) => format!("={count}"),
            Line::NotCompared(count) => format!("?{count}"),
        };
        lines.iter().map(draw).collect()
    }

    #[test]
    fn fields_are_compared_by_name() {
        let of = |text: &str| {
            let pairs = text.split(' ').filter_map(|field| field.split_once('='));
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
        };
        for (one, other, expected) in [
            ("A=1 B=2", "b=2 a=1", &[" A: 1", " B: 2"][..]),
            ("A=1 A=2", "A=2 A=3", &["-A: 1", " A: 2", "+A: 3"]),
            ("A=1", "B=1", &["-A: 1", "+B: 1"]),
            ("A=1 A=1", "A=1", &[" A: 1", "-A: 1"]),
            ("", "", &[]),
        ] {
            assert_eq!(drawn(&fields(&of(one), &of(other))), expected, "{one} {other}");
        }
    }

    #[test]
    fn json_is_laid_out_as_it_was_written() {
        for (json, expected) in [
            ("{}", "{}\n"),
            ("[ 1,\"a\\\"]\\\\\" ]", "[\n  1,\n  \"a\\\"]\\\\\"\n]\n"),
            (
                "{\"a\":{ },\"b\":1.10000000000000000001}",
                "{\n  \"a\": {},\n  \"b\": 1.10000000000000000001\n}\n",
            ),
        ] {
            assert!(is_json(json));
            assert_eq!(laid_out(json), expected);
        }
        assert!(!is_json("[1") && !is_json("1"));
    }

    #[test]
    fn lines_that_are_alike_are_counted() {
        let many = |changed: &str| format!("{}{changed}\n{}", "x\n".repeat(10), "x\n".repeat(9));
        let (one, other) = (many("a"), many("b"));
        assert_eq!(drawn(&text(&one, &other)), ["=7", " x", " x", " x", "-a", "+b", " x", " x", " x", "=6"]);
        assert_eq!(drawn(&text(&one, &one)), ["=20"]);
        let long = "x\n".repeat(MOST_LINES + 2);
        assert_eq!(text(&long, &long), [Line::Alike(MOST_LINES), Line::NotCompared(2)]);
    }

    #[test]
    fn exchanges_differ_where_they_do() {
        let one = samples().remove(0).exchange;
        assert!(difference(&one, &one).iter().all(|part| !part.differs()));
        let mut other = one.clone();
        other.summary.status = Some(500);
        other.request.headers[1].1 = "full".to_owned();
        let body = other.response.as_mut().unwrap().body.as_mut().unwrap();
        (body.text, body.base64) = (None, Some("AP8=".to_owned()));
        let parts = difference(&one, &other);
        let differ: Vec<_> = parts.iter().filter(|part| part.differs()).map(|part| part.of).collect();
        assert_eq!(differ, ["exchange", "request head", "response body"]);
        let dumped = parts.iter().find(|part| part.of == "response body").unwrap();
        assert_eq!(drawn(&dumped.lines), ["-ok", "+00000000  00 ff"]);
    }
}

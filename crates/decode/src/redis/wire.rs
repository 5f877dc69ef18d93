//! RESP, read as it comes: a value of any depth and length, of which a bounded part is kept.

use navyd_model::exchange::Side;
use serde_json::{Map, Value};

use crate::{frames::Wrong, shown};

/// The longest line: what servers read of an inline command.
const LINE: usize = 64 << 10;
/// How deep values may stand in each other.
const DEPTH: usize = 64;
/// The most bytes or elements that a head may tell: far above what servers take.
const MOST: u64 = 1 << 40;
/// How many elements of one message are kept.
const NODES: usize = 512;
/// How many bytes of one message are kept.
const BYTES: usize = 16 << 10;
/// How many bytes of one text are kept.
const TEXT: usize = 1 << 10;

/// A value, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Datum {
    Null,
    Bool(bool),
    /// As it is written: of any size, with or without a fraction.
    Number(String),
    /// A short text without a length.
    Simple(String),
    Text {
        kept: Vec<u8>,
        size: u64,
    },
    Error(String),
    List {
        /// The letter of its type.
        kind: u8,
        items: Vec<Datum>,
        /// How many elements are not kept.
        more: u64,
    },
}

/// A whole message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub datum: Datum,
    pub size: u64,
    pub began: i64,
}

/// One direction.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    side: Side,
    line: Vec<u8>,
    text: Option<Text>,
    /// Lists that have begun, the outermost first.
    open: Vec<Open>,
    size: u64,
    began: i64,
    nodes: usize,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Text {
    kind: u8,
    kept: Vec<u8>,
    room: usize,
    size: u64,
    passed: u64,
}

#[derive(Debug, Clone)]
struct Open {
    kind: u8,
    left: u64,
    items: Vec<Datum>,
    more: u64,
}

impl Wire {
    pub(super) fn new(side: Side) -> Self {
        Self { side, line: Vec::new(), text: None, open: Vec::new(), size: 0, began: 0, nodes: 0, bytes: 0 }
    }

    /// Whether nothing of a message has come.
    pub(super) fn is_idle(&self) -> bool {
        self.size == 0
    }

    /// Passes over bytes that are missing. False when they may be more than a part of one text.
    pub(super) fn gap(&mut self, count: u64) -> bool {
        let Some(text) = self.text.as_mut().filter(|text| text.size.saturating_sub(text.passed) > count)
        else {
            return false;
        };
        text.passed += count;
        // Nothing is kept of what comes behind them.
        text.room = text.kept.len();
        self.size += count;
        true
    }

    /// Takes the next message from `input`. `None`: all of it is taken, and the message goes on.
    pub(super) fn next(&mut self, input: &mut &[u8], at: i64) -> Result<Option<Told>, Wrong> {
        while !input.is_empty() {
            if self.size == 0 {
                self.began = at;
                self.nodes = 0;
                self.bytes = 0;
            }
            let before = input.len();
            let datum = if self.text.is_some() { self.text(input)? } else { self.line(input)? };
            self.size += (before - input.len()) as u64;
            let Some(datum) = datum else { continue };
            if let Some(datum) = self.place(datum) {
                let size = std::mem::take(&mut self.size);
                return Ok(Some(Told { datum, size, began: self.began }));
            }
        }
        Ok(None)
    }

    /// Takes more of a text with a length; gives it when it is whole.
    fn text(&mut self, input: &mut &[u8]) -> Result<Option<Datum>, Wrong> {
        let Some(text) = &mut self.text else { return Ok(None) };
        let content = usize::try_from(text.size - text.passed.min(text.size)).unwrap_or(usize::MAX);
        let (taken, rest) = input.split_at(content.min(input.len()));
        text.kept.extend_from_slice(&taken[..taken.len().min(text.room - text.kept.len())]);
        text.passed += taken.len() as u64;
        *input = rest;
        while text.passed >= text.size {
            let expected = if text.passed == text.size { b'\r' } else { b'\n' };
            let [first, rest @ ..] = *input else { return Ok(None) };
            if *first != expected {
                return Err(Wrong);
            }
            *input = rest;
            text.passed += 1;
            if expected == b'\n' {
                break;
            }
        }
        if text.passed < text.size + 2 {
            return Ok(None);
        }
        let Some(Text { kind, kept, size, .. }) = self.text.take() else { return Ok(None) };
        Ok(Some(match kind {
            b'!' => Datum::Error(shown::text(&kept, size, TEXT)),
            // Three letters and a colon stand before it: `txt:`.
            b'=' => {
                Datum::Text { kept: kept.get(4..).unwrap_or_default().to_vec(), size: size.saturating_sub(4) }
            }
            _ => Datum::Text { kept, size },
        }))
    }

    /// Takes more of a line; gives the value that it is, or opens the one that it begins.
    fn line(&mut self, input: &mut &[u8]) -> Result<Option<Datum>, Wrong> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let (taken, rest) = input.split_at(end.map_or(input.len(), |end| end + 1));
        *input = rest;
        if self.line.len() + taken.len() > LINE {
            return Err(Wrong);
        }
        if end.is_none() || !self.line.is_empty() {
            self.line.extend_from_slice(taken);
        }
        if end.is_none() {
            // What is no protocol at all is not waited for.
            return if self.is_typed(self.line[0]) || self.is_inline() { Ok(None) } else { Err(Wrong) };
        }
        let line = std::mem::take(&mut self.line);
        let line = if line.is_empty() { taken } else { &line };
        let line = &line[..line.len() - 1];
        self.value(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn is_inline(&self) -> bool {
        self.side == Side::Client && self.open.is_empty()
    }

    fn is_typed(&self, first: u8) -> bool {
        if self.is_inline() { first == b'*' } else { b"+-:$*_#,(!=%~>|".contains(&first) }
    }

    fn value(&mut self, line: &[u8]) -> Result<Option<Datum>, Wrong> {
        let Some((kind, rest)) = line.split_first().filter(|(kind, _)| self.is_typed(**kind)) else {
            return if self.is_inline() { words(line).map(Some) } else { Err(Wrong) };
        };
        // Commands are lists of texts, and nothing else.
        if self.side == Side::Client && !matches!((kind, self.open.len()), (b'*', 0) | (b'$', 1)) {
            return Err(Wrong);
        }
        let datum = match kind {
            b'+' => Datum::Simple(self.short(rest)),
            b'-' => Datum::Error(self.short(rest)),
            b':' | b'(' | b',' => Datum::Number(number(rest)?),
            b'_' => Datum::Null,
            b'#' => Datum::Bool(rest == b"t"),
            b'$' | b'!' | b'=' => {
                let Some(size) = length(rest)? else { return Ok(Some(Datum::Null)) };
                let room = TEXT.min(BYTES.saturating_sub(self.bytes));
                self.bytes += room.min(usize::try_from(size).unwrap_or(room));
                self.text = Some(Text { kind: *kind, kept: Vec::new(), room, size, passed: 0 });
                return Ok(None);
            }
            _ => {
                let Some(count) = length(rest)? else { return Ok(Some(Datum::Null)) };
                let left = if matches!(kind, b'%' | b'|') { count * 2 } else { count };
                if left > 0 || *kind == b'|' {
                    if self.open.len() >= DEPTH {
                        return Err(Wrong);
                    }
                    self.open.push(Open { kind: *kind, left, items: Vec::new(), more: 0 });
                    // Attributes stand before a value and are none.
                    if left == 0 {
                        self.open.pop();
                    }
                    return Ok(None);
                }
                Datum::List { kind: *kind, items: Vec::new(), more: 0 }
            }
        };
        Ok(Some(datum))
    }

    fn short(&mut self, text: &[u8]) -> String {
        let text = shown::whole(text, TEXT.min(BYTES.saturating_sub(self.bytes)));
        self.bytes += text.len();
        text
    }

    /// Puts a value where it belongs; gives what is whole by it.
    fn place(&mut self, mut datum: Datum) -> Option<Datum> {
        loop {
            let Some(open) = self.open.last_mut() else { return Some(datum) };
            open.left -= 1;
            if open.kind == b'|' {
                drop(datum);
            } else if self.nodes < NODES {
                self.nodes += 1;
                open.items.push(datum);
            } else {
                open.more += 1;
            }
            if open.left > 0 {
                return None;
            }
            let Open { kind, items, more, .. } = self.open.pop()?;
            if kind == b'|' {
                return None;
            }
            datum = Datum::List { kind, items, more };
        }
    }
}

/// A count; `None` for the old way of writing null.
fn length(text: &[u8]) -> Result<Option<u64>, Wrong> {
    if text == b"-1" {
        return Ok(None);
    }
    let digits = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse::<u64>().ok()).filter(|number| *number <= MOST);
    number.map(Some).ok_or(Wrong)
}

fn number(text: &[u8]) -> Result<String, Wrong> {
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if text.is_empty() || !text.iter().all(known) {
        return Err(Wrong);
    }
    Ok(shown::whole(text, TEXT))
}

/// An inline command: words between blanks, in quotes where they have any.
fn words(line: &[u8]) -> Result<Datum, Wrong> {
    // What speaks another protocol is told apart by what no command holds.
    if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err(Wrong);
    }
    let (mut items, mut more, mut rest) = (Vec::new(), 0, line.trim_ascii_start());
    while let Some(first) = rest.first().copied() {
        let (word, behind) = match first {
            b'"' | b'\'' => {
                let end = rest[1..].iter().position(|byte| *byte == first).ok_or(Wrong)?;
                (&rest[1..=end], &rest[end + 2..])
            }
            _ => rest.split_at(rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len())),
        };
        if items.len() < NODES {
            let kept = word[..word.len().min(TEXT)].to_vec();
            items.push(Datum::Text { kept, size: word.len() as u64 });
        } else {
            more += 1;
        }
        rest = behind.trim_ascii_start();
    }
    Ok(Datum::List { kind: b'*', items, more })
}

impl Datum {
    /// What went wrong, when it says so.
    pub(super) fn error(&self) -> Option<String> {
        match self {
            Self::Error(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether it is this text.
    pub(super) fn is(&self, text: &str) -> bool {
        match self {
            Self::Simple(own) => own == text,
            Self::Text { kept, .. } => kept == text.as_bytes(),
            _ => false,
        }
    }

    /// Its text, as a person reads it.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Simple(text) | Self::Number(text) => Some(text.clone()),
            Self::Text { kept, size } => Some(shown::text(kept, *size, TEXT)),
            _ => None,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(yes) => (*yes).into(),
            Self::Number(text) => text.parse::<i64>().map_or_else(|_| text.clone().into(), Value::from),
            Self::Simple(text) => text.clone().into(),
            Self::Text { kept, size } => shown::text(kept, *size, TEXT).into(),
            Self::Error(text) => serde_json::json!({"error": text}),
            Self::List { kind: b'%', items, more } => {
                let name = |key: &Self| key.text().unwrap_or_else(|| key.to_json().to_string());
                let value = |pair: &[Self]| pair.get(1).map_or(Value::Null, Self::to_json);
                let mut map: Map<_, _> = items.chunks(2).map(|pair| (name(&pair[0]), value(pair))).collect();
                if *more > 0 {
                    map.insert("…".into(), format!("{} more", more.div_ceil(2)).into());
                }
                map.into()
            }
            Self::List { items, more, .. } => {
                let mut list: Vec<_> = items.iter().map(Self::to_json).collect();
                if *more > 0 {
                    list.push(format!("… {more} more").into());
                }
                list.into()
            }
        }
    }
}

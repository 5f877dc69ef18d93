//! Server-Sent Events (HTML Living Standard §9.2.6): the lines of a response put together to events.
//!
//! An event is shown in the words of its stream, one field a line: `event`, `id`, `retry`, `data`. Deliberately absent:
//! reconnecting, and codings of the body, which are taken off before.

use navyd_model::exchange::{Piece, Side};

use crate::{
    PieceReader,
    piece::{KEPT, Moment},
    spoken::AFTER_A_GAP,
};

/// Reads the events of one response.
#[derive(Debug)]
pub struct Events {
    started: i64,
    line: Vec<u8>,
    /// How long the line is, where not all of it is kept.
    length: u64,
    /// The last byte was a carriage return: a line feed behind it ends no other line.
    returned: bool,
    /// Nothing has come yet: a byte order mark may.
    first: bool,
    event: Event,
    /// Lines are passed over up to the next event, since some were lost.
    skipping: bool,
}

/// What has come of an event.
#[derive(Debug, Default)]
struct Event {
    name: Vec<u8>,
    id: Option<Vec<u8>>,
    retry: Option<Vec<u8>>,
    data: Vec<u8>,
    /// The length of its data, and how many lines that has.
    size: u64,
    lines: u64,
}

impl Events {
    /// A response whose exchange began at `started` (microseconds since 1970, UTC).
    #[must_use]
    pub fn new(started: i64) -> Self {
        Self {
            started,
            line: Vec::new(),
            length: 0,
            returned: false,
            first: true,
            event: Event::default(),
            skipping: false,
        }
    }
}

impl PieceReader for Events {
    fn bytes(&mut self, from: Side, at: i64, mut bytes: &[u8], out: &mut Vec<Piece>) {
        if from == Side::Client {
            return;
        }
        let moment = Moment { started: self.started, at };
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.returned) && *first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (taken, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            let room = KEPT.saturating_sub(self.line.len());
            self.line.extend_from_slice(&taken[..taken.len().min(room)]);
            self.length += taken.len() as u64;
            let [ending, rest @ ..] = rest else { return };
            self.returned = *ending == b'\r';
            bytes = rest;
            out.extend(self.end_line(moment));
        }
    }

    fn gap(&mut self, from: Side, at: i64, _count: u64, out: &mut Vec<Piece>) {
        if from == Side::Client {
            return;
        }
        self.line.clear();
        self.length = 0;
        self.event = Event::default();
        if !self.skipping {
            self.skipping = true;
            out.push(Moment { started: self.started, at }.note(from, AFTER_A_GAP));
        }
    }
}

impl Events {
    fn end_line(&mut self, moment: Moment) -> Option<Piece> {
        let mut line = std::mem::take(&mut self.line);
        let length = std::mem::take(&mut self.length);
        if std::mem::take(&mut self.first) && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        if !line.is_empty() {
            if !self.skipping {
                self.event.field(&line, length);
            }
            return None;
        }
        if std::mem::take(&mut self.skipping) {
            return None;
        }
        let event = std::mem::take(&mut self.event);
        // "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and
        // return." A client may still take up the id and the time from it.
        (event.lines > 0 || event.id.is_some() || event.retry.is_some()).then(|| event.piece(moment))
    }
}

impl Event {
    fn field(&mut self, line: &[u8], length: u64) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"event" => self.name = value.to_vec(),
            b"data" => {
                if self.lines > 0 {
                    self.push(b"\n", 1);
                }
                self.lines += 1;
                let head = (line.len() - value.len()) as u64;
                self.push(value, length - head);
            }
            // "If the field value does not contain U+0000 NULL".
            b"id" if !value.contains(&0) => self.id = Some(value.to_vec()),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                self.retry = Some(value.to_vec());
            }
            _ => {}
        }
    }

    fn push(&mut self, value: &[u8], size: u64) {
        let room = KEPT.saturating_sub(self.data.len());
        self.data.extend_from_slice(&value[..value.len().min(room)]);
        self.size += size;
    }

    fn piece(self, moment: Moment) -> Piece {
        let mut text = Vec::new();
        let mut line = |name: &[u8], value: &[u8]| {
            if !text.is_empty() {
                text.push(b'\n');
            }
            text.extend_from_slice(name);
            text.extend_from_slice(b": ");
            text.extend_from_slice(value);
        };
        if !self.name.is_empty() {
            line(b"event", &self.name);
        }
        if let Some(id) = &self.id {
            line(b"id", id);
        }
        if let Some(retry) = &self.retry {
            line(b"retry", retry);
        }
        if self.lines > 0 {
            for value in self.data.split(|byte| *byte == b'\n') {
                line(b"data", value);
            }
        }
        // The standard decodes as UTF-8 with replacement.
        let text = String::from_utf8_lossy(&text);
        let cut = self.size > self.data.len() as u64;
        let size = text.len() as u64 + u64::from(cut);
        Piece { size: self.size, ..moment.piece(Side::Server, "event", text.as_bytes(), size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(portions: &[&[u8]]) -> Vec<String> {
        let (mut events, mut out) = (Events::new(0), Vec::new());
        for portion in portions {
            events.bytes(Side::Server, 0, portion, &mut out);
        }
        out.into_iter().map(|piece| piece.text.unwrap_or_default()).collect()
    }

    #[test]
    fn streams_become_events() {
        let rows: [(&[u8], &[&str]); 11] = [
            (b"data: a\n\n", &["data: a"]),
            (b"\xef\xbb\xbfdata:a\r\n\r\ndata: b\r\rdata:  c\n\n", &["data: a", "data: b", "data:  c"]),
            (b"data: a\ndata: b\n\n", &["data: a\ndata: b"]),
            (
                b": comment\n\nevent: x\nid: 7\nretry: 100\ndata: {\"a\":1}\n\n",
                &["event: x\nid: 7\nretry: 100\ndata: {\"a\":1}"],
            ),
            (b"event: x\n\n", &[]),
            (b"id\n\n", &["id: "]),
            (b"data\n\n", &["data: "]),
            (b"data: not ended\n", &[]),
            (b"retry: soon\nother: x\n\n", &[]),
            (b"id: a\0b\ndata: 1\n\n", &["data: 1"]),
            (b"data: \xff\n\n", &["data: \u{fffd}"]),
        ];
        for (bytes, expected) in rows {
            assert_eq!(read(&[bytes]), expected, "{bytes:?}");
            for at in 0..bytes.len() {
                let (first, second) = bytes.split_at(at);
                assert_eq!(read(&[first, second]), expected, "{bytes:?} split at {at}");
            }
        }
    }

    #[test]
    fn a_long_event_is_counted_and_cut() {
        let (mut events, mut out) = (Events::new(0), Vec::new());
        events.bytes(Side::Server, 0, b"data: ", &mut out);
        for _ in 0..64 {
            events.bytes(Side::Server, 0, &[b'x'; 1 << 14], &mut out);
        }
        events.bytes(Side::Server, 3000, b"\ndata: y\n\n", &mut out);
        assert_eq!((out[0].size, out[0].at_ms), ((1 << 20) + 2, 3.0));
        assert!(out[0].text.as_ref().is_some_and(|text| text.len() <= KEPT));
    }

    #[test]
    fn after_a_gap_it_goes_on_with_the_next_event() {
        let (mut events, mut out) = (Events::new(0), Vec::new());
        events.bytes(Side::Server, 0, b"data: a\n\ndata: b", &mut out);
        events.gap(Side::Server, 0, 9, &mut out);
        events.gap(Side::Server, 0, 9, &mut out);
        events.bytes(Side::Server, 0, b"rest\n\ndata: c\n\n", &mut out);
        let texts: Vec<_> = out.iter().map(|piece| piece.text.as_deref().unwrap_or_default()).collect();
        assert_eq!(texts, ["data: a", AFTER_A_GAP, "data: c"]);
    }
}

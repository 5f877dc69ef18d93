//! WebSocket behind its handshake (RFC 6455): messages put together from frames, and unpacked where permessage-deflate
//! was agreed on (RFC 7692).
//!
//! Control frames are pieces of their own. Deliberately absent: the handshake, which is HTTP's; judging whether either
//! side keeps the rules beyond what is needed to follow it.

mod extension;
mod inflate;
#[cfg(test)]
mod tests;

use navyd_h1::{
    Side as Sender,
    ws::{self, Frame, Opcode},
};
use navyd_model::exchange::{Piece, Side};

use crate::{
    PieceReader,
    piece::{KEPT, Moment},
    spoken::AFTER_A_GAP,
};
use extension::Deflate;
use inflate::Inflate;

/// The longest head of a frame.
const HEAD: usize = 14;
/// The reserved bit that says that a message is compressed (RFC 7692 §6).
const COMPRESSED: u8 = 4;
/// The most that a control frame carries (RFC 6455 §5.5).
const CONTROL: usize = 125;

/// Reads the frames of both sides.
#[derive(Debug)]
pub struct WebSocket {
    started: i64,
    client: Direction,
    server: Direction,
}

/// Frames of one side.
#[derive(Debug)]
struct Direction {
    from: Side,
    /// Whether messages may be compressed.
    deflate: bool,
    head: Vec<u8>,
    frame: Option<Open>,
    message: Option<Message>,
    inflate: Inflate,
    /// Nothing more can be understood.
    lost: bool,
}

/// A frame whose payload is coming.
#[derive(Debug)]
struct Open {
    frame: Frame,
    passed: u64,
    /// The payload of a control frame.
    control: Vec<u8>,
}

/// A message that may come in several frames.
#[derive(Debug)]
struct Message {
    opcode: Opcode,
    compressed: bool,
    kept: Vec<u8>,
    size: u64,
    /// Its bytes as they were sent.
    sent: u64,
    /// Bytes of it are missing, or cannot be unpacked.
    broken: bool,
}

impl WebSocket {
    /// A connection whose exchange began at `started` (microseconds since 1970, UTC). `extensions` is what the server
    /// agreed to, its Sec-WebSocket-Extensions.
    #[must_use]
    pub fn new(started: i64, extensions: Option<&str>) -> Self {
        let deflate = extensions.and_then(Deflate::agreed);
        let direction = |from: Side| Direction {
            from,
            deflate: deflate.is_some(),
            head: Vec::new(),
            frame: None,
            message: None,
            inflate: Inflate::new(deflate.is_some_and(|deflate| deflate.keeps_context(from))),
            lost: false,
        };
        Self { started, client: direction(Side::Client), server: direction(Side::Server) }
    }

    fn direction(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

impl PieceReader for WebSocket {
    fn bytes(&mut self, from: Side, at: i64, mut bytes: &[u8], out: &mut Vec<Piece>) {
        let moment = Moment { started: self.started, at };
        let direction = self.direction(from);
        while !bytes.is_empty() && !direction.lost {
            if direction.frame.is_none() {
                direction.begin(&mut bytes, moment, out);
            }
            direction.payload(&mut bytes, moment, out);
        }
    }

    fn gap(&mut self, from: Side, at: i64, count: u64, out: &mut Vec<Piece>) {
        let moment = Moment { started: self.started, at };
        self.direction(from).gap(count, moment, out);
    }
}

impl Direction {
    /// Reads the head of a frame.
    fn begin(&mut self, bytes: &mut &[u8], moment: Moment, out: &mut Vec<Piece>) {
        let before = self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(HEAD - before)]);
        let sender = if self.from == Side::Client { Sender::Request } else { Sender::Response };
        match Frame::parse(&self.head, sender, if self.deflate { COMPRESSED } else { 0 }) {
            Ok(Some((frame, length))) => {
                *bytes = &bytes[length - before..];
                self.head.clear();
                if !frame.opcode.is_control() && frame.opcode != Opcode::Continuation {
                    // A message inside of another is against the rules, and the first is told as it is.
                    self.message = Some(Message {
                        opcode: frame.opcode,
                        compressed: frame.reserved & COMPRESSED != 0,
                        kept: Vec::new(),
                        size: 0,
                        sent: 0,
                        broken: false,
                    });
                }
                self.frame = Some(Open { frame, passed: 0, control: Vec::new() });
            }
            Ok(None) => *bytes = &[],
            Err(reject) => {
                self.lost = true;
                out.push(moment.note(self.from, &format!("could not follow: {}", reject.reason)));
            }
        }
    }

    /// Takes the payload as far as it is here.
    fn payload(&mut self, bytes: &mut &[u8], moment: Moment, out: &mut Vec<Piece>) {
        let Some(mut open) = self.frame.take() else { return };
        let left = usize::try_from(open.frame.payload - open.passed).unwrap_or(usize::MAX);
        let (taken, rest) = bytes.split_at(left.min(bytes.len()));
        *bytes = rest;
        let mut payload = taken.to_vec();
        if let Some(key) = open.frame.mask {
            ws::mask(&mut payload, key, open.passed);
        }
        open.passed += taken.len() as u64;
        if open.frame.opcode.is_control() {
            let room = CONTROL.saturating_sub(open.control.len());
            open.control.extend_from_slice(&payload[..payload.len().min(room)]);
        } else if let Some(message) = &mut self.message {
            message.take(&payload, &mut self.inflate);
        }
        if open.passed < open.frame.payload {
            self.frame = Some(open);
        } else {
            self.finish(&open, moment, out);
        }
    }

    fn finish(&mut self, open: &Open, moment: Moment, out: &mut Vec<Piece>) {
        let control = &open.control[..];
        let piece = |kind: &str, bytes: &[u8]| moment.piece(self.from, kind, bytes, bytes.len() as u64);
        match open.frame.opcode {
            Opcode::Ping => out.push(piece("ping", control)),
            Opcode::Pong => out.push(piece("pong", control)),
            Opcode::Close => {
                out.push(Piece { size: control.len() as u64, ..piece("close", &reason(control)) });
            }
            _ if open.frame.fin => {
                if let Some(message) = self.message.take() {
                    out.extend(message.end(self.from, moment, &mut self.inflate));
                }
            }
            _ => {}
        }
    }

    fn gap(&mut self, count: u64, moment: Moment, out: &mut Vec<Piece>) {
        if self.lost {
            return;
        }
        // What ends inside of a payload can be passed over.
        if let Some(open) = self.frame.as_mut().filter(|open| open.frame.payload - open.passed > count) {
            open.passed += count;
            if open.frame.opcode.is_control() {
                return;
            }
            if let Some(message) = &mut self.message {
                message.lose(count, &mut self.inflate);
            }
            return;
        }
        self.lost = true;
        self.frame = None;
        self.message = None;
        self.head = Vec::new();
        out.push(moment.note(self.from, AFTER_A_GAP));
    }
}

impl Message {
    fn take(&mut self, payload: &[u8], inflate: &mut Inflate) {
        self.sent += payload.len() as u64;
        if self.compressed {
            let kept = if self.broken { None } else { Some(&mut self.kept) };
            match inflate.more(payload, kept) {
                Some(count) => self.size += count,
                None => self.broken = true,
            }
            return;
        }
        self.size += payload.len() as u64;
        if !self.broken {
            let room = KEPT.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&payload[..payload.len().min(room)]);
        }
    }

    /// Bytes are missing.
    fn lose(&mut self, count: u64, inflate: &mut Inflate) {
        self.broken = true;
        self.sent += count;
        if self.compressed {
            inflate.lose();
        } else {
            self.size += count;
        }
    }

    fn end(mut self, from: Side, moment: Moment, inflate: &mut Inflate) -> Vec<Piece> {
        let mut notes = Vec::new();
        if self.compressed {
            let kept = if self.broken { None } else { Some(&mut self.kept) };
            match inflate.end(kept) {
                Some(count) => self.size += count,
                None => self.broken = true,
            }
            if self.broken {
                // How far it could be unpacked depends on the portions in which it came.
                self.kept.clear();
                self.size = self.sent;
            }
            if inflate.say_lost() {
                notes.push(moment.note(from, "compressed messages could not be unpacked"));
            }
        }
        let kind = if self.opcode == Opcode::Text { "text" } else { "binary" };
        let whole = self.size == self.kept.len() as u64 && !self.broken;
        let size = if whole { self.size } else { self.size.max(self.kept.len() as u64 + 1) };
        let piece = match self.opcode {
            Opcode::Text => moment.piece(from, kind, &self.kept, size),
            _ => moment.binary(from, kind, &self.kept, size),
        };
        notes.insert(0, Piece { size: self.size, ..piece });
        notes
    }
}

/// `1000 bye`: the code and the reason of a close (RFC 6455 §5.5.1).
fn reason(payload: &[u8]) -> Vec<u8> {
    match payload {
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            let text = format!("{code} {}", String::from_utf8_lossy(reason));
            text.trim_end().as_bytes().to_vec()
        }
        _ => Vec::new(),
    }
}

//! The parts of a message as they stand there, still encoded: clients of MailHog decode by themselves.

use mail_parser::{Message, PartType};

use super::{PARSER, bomb, head};

/// A part: its fields, its bytes, and the parts that it is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    /// Its fields, in order.
    pub fields: Vec<(String, String)>,
    /// Its body, encoded as it was sent.
    pub body: String,
    /// The parts of a multipart; empty for any other.
    pub pieces: Vec<Piece>,
}

/// The outermost part of a message, with all others inside.
#[must_use]
pub fn pieces(bytes: &[u8]) -> Piece {
    let head = head::end(bytes);
    let body = || String::from_utf8_lossy(&bytes[head..]).into_owned();
    let whole = Piece { fields: head::fields(bytes), body: body(), pieces: Vec::new() };
    if bomb::is_one(bytes, head) {
        return whole;
    }
    match PARSER.parse(bytes) {
        Some(message) => Piece { pieces: inside(&message, bytes, 0, LEVELS), ..whole },
        None => whole,
    }
}

/// How deep parts are told of: deeper ones stand in the body of theirs.
const LEVELS: u8 = 8;

fn inside(message: &Message<'_>, bytes: &[u8], number: u32, levels: u8) -> Vec<Piece> {
    let Some(levels) = levels.checked_sub(1) else { return Vec::new() };
    let Some(PartType::Multipart(numbers)) = message.part(number).map(|part| &part.body) else {
        return Vec::new();
    };
    let piece = |number: &u32| {
        let part = message.part(*number)?;
        let slice = |from: u32, to: u32| bytes.get(from as usize..(to as usize).max(from as usize));
        let body = slice(part.offset_body, part.offset_end)?;
        Some(Piece {
            fields: head::fields(slice(part.offset_header, part.offset_body)?),
            body: String::from_utf8_lossy(body).into_owned(),
            pieces: inside(message, bytes, *number, levels),
        })
    };
    // A part that contains itself cannot be; a number that goes down would be one.
    numbers.iter().filter(|inner| **inner > number).filter_map(piece).collect()
}

//! The chunked coding (RFC 9112 §7.1), byte by byte where it is framing, and in one step where it is payload.
//!
//! Every line ends in CRLF, sizes are hexadecimal digits with nothing around them, and both extensions and trailers
//! are limited. Extensions are passed on, as the bytes they are.

use crate::{
    Part, Piece,
    limits::{CHUNK_LINE_BYTES, TRAILER_BYTES},
};

/// Fields that RFC 9110 §6.5.1 keeps out of trailers, since they are "necessary for message framing, routing,
/// authentication, request modifiers, response controls, or content format". A recipient that merged them into the
/// head would act on what no proxy has checked.
const FORBIDDEN: &[&[u8]] = &[
    b"transfer-encoding",
    b"content-length",
    b"content-encoding",
    b"content-type",
    b"content-range",
    b"trailer",
    b"host",
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"upgrade",
    b"expect",
    b"via",
    b"forwarded",
    b"authorization",
    b"proxy-authorization",
    b"proxy-authenticate",
    b"www-authenticate",
    b"cookie",
    b"set-cookie",
    b"cache-control",
    b"max-forwards",
    b"range",
    b"location",
];

/// Longer than every forbidden name, so that a name which does not fit is none of them.
const NAME_BYTES: usize = 24;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Chunked {
    state: State,
    /// The size being read, then the payload bytes of the chunk that are left.
    left: u64,
    /// Digits of the size.
    digits: u8,
    /// Bytes of the line with the size, or of all trailers.
    used: u16,
    /// The trailer name being read, in lower case and with hyphens for underscores.
    name: [u8; NAME_BYTES],
    name_length: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Size,
    Extension,
    /// Behind the CR of a size.
    SizeEnd,
    Data,
    /// Behind the data.
    DataEnd,
    /// Behind the CR behind the data.
    DataEndLf,
    /// At the start of a line behind the last chunk.
    Trailer,
    Name,
    Value,
    /// Behind the CR of a trailer.
    ValueEnd,
    /// Behind the CR of the empty line.
    EmptyEnd,
    Done,
}

impl Chunked {
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Payload bytes that follow directly.
    pub(crate) fn data_left(&self) -> u64 {
        if self.state == State::Data { self.left } else { 0 }
    }

    /// Counts payload bytes.
    pub(crate) fn moved(&mut self, length: u64) {
        self.left = self.left.saturating_sub(length);
        if self.left == 0 && self.state == State::Data {
            self.state = State::DataEnd;
        }
    }

    /// The first run of bytes of one kind, or what is wrong.
    pub(crate) fn piece(&mut self, bytes: &[u8]) -> Result<Piece, &'static str> {
        if self.state == State::Data {
            let length = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.moved(length as u64);
            return Ok(Piece { part: Part::Payload, length });
        }
        let part = self.part(bytes);
        let mut length = 0;
        while length < bytes.len()
            && !matches!(self.state, State::Data | State::Done)
            && self.part(&bytes[length..]) == part
        {
            self.byte(bytes[length])?;
            length += 1;
        }
        Ok(Piece { part, length })
    }

    /// What the next byte is part of. The empty line behind trailers is framing.
    fn part(&self, bytes: &[u8]) -> Part {
        match (self.state, bytes.first()) {
            (State::Trailer, Some(b'\r')) => Part::Framing,
            (State::Trailer | State::Name | State::Value | State::ValueEnd, _) => Part::Trailer,
            _ => Part::Framing,
        }
    }

    fn byte(&mut self, byte: u8) -> Result<(), &'static str> {
        const BREAK: &str = "a line of the chunks does not end in CRLF";
        self.state = match (self.state, byte) {
            (State::Size, _) => self.size(byte)?,
            (State::Extension, b'\r') => State::SizeEnd,
            // RFC 9112 §7.1.1: "A recipient MUST ignore unrecognized chunk extensions", yet "ought to limit the
            // total length of chunk extensions received".
            (State::Extension, b'\t' | b' '..=0x7e | 0x80..) => {
                self.count(CHUNK_LINE_BYTES, "the line with the size of a chunk is too long")?;
                State::Extension
            }
            (State::Extension, _) => return Err("a chunk extension has a control byte"),
            (State::SizeEnd, b'\n') => {
                (self.digits, self.used) = (0, 0);
                if self.left == 0 { State::Trailer } else { State::Data }
            }
            (State::DataEnd, b'\r') => State::DataEndLf,
            (State::DataEnd, _) => return Err("a chunk is longer than its size"),
            (State::DataEndLf, b'\n') => State::Size,
            (State::Trailer, b'\r') => State::EmptyEnd,
            (State::Trailer | State::Name, _) => self.name(byte)?,
            (State::Value, b'\r') => State::ValueEnd,
            (State::Value, b'\t' | b' '..=0x7e | 0x80..) => {
                self.trailer_byte()?;
                State::Value
            }
            (State::Value, _) => return Err("a trailer has a control byte"),
            (State::ValueEnd, b'\n') => State::Trailer,
            (State::EmptyEnd, b'\n') => State::Done,
            _ => return Err(BREAK),
        };
        Ok(())
    }

    /// A byte of a size. Sixteen digits are the most that 64 bits hold.
    fn size(&mut self, byte: u8) -> Result<State, &'static str> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if self.digits > 0 => return Ok(State::SizeEnd),
            b';' if self.digits > 0 => return Ok(State::Extension),
            _ => return Err("the size of a chunk is not hexadecimal"),
        };
        if self.digits == 16 {
            return Err("the size of a chunk has too many digits");
        }
        self.digits += 1;
        self.left = self.left << 4 | u64::from(digit);
        // As with Content-Length, other programs count with a sign.
        if self.left > i64::MAX as u64 {
            return Err("the size of a chunk is too large");
        }
        Ok(State::Size)
    }

    /// A byte at the start of a trailer line, or in its name.
    fn name(&mut self, byte: u8) -> Result<State, &'static str> {
        self.trailer_byte()?;
        if self.state == State::Trailer {
            self.name_length = 0;
        }
        let length = usize::from(self.name_length);
        if byte == b':' && length > 0 {
            // A name that does not fit is cut off at one byte more than the longest that is forbidden.
            let name = &self.name[..length];
            if FORBIDDEN.contains(&name) || name.starts_with(b"x-forwarded") {
                return Err("a trailer that belongs into the head");
            }
            return Ok(State::Value);
        }
        if !is_token(byte) {
            return Err("the name of a trailer has a byte that no name may have");
        }
        if let Some(slot) = self.name.get_mut(length) {
            *slot = if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
            self.name_length += 1;
        }
        Ok(State::Name)
    }

    fn trailer_byte(&mut self) -> Result<(), &'static str> {
        self.count(TRAILER_BYTES, "the trailers are too long")
    }

    fn count(&mut self, most: u16, reason: &'static str) -> Result<(), &'static str> {
        self.used += 1;
        if self.used > most { Err(reason) } else { Ok(()) }
    }
}

/// RFC 9110 §5.6.2, tchar.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;

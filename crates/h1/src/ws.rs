//! Frames of WebSocket (RFC 6455 §5.2), for a reader that looks on and for a server that answers.
//!
//! A frame's payload follows its head and is not looked at here. Deliberately absent: the handshake's key, extensions
//! (their reserved bits are allowed by the caller), and putting fragments together.

use crate::{Reject, Side};

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message that a text or binary frame began.
    Continuation,
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
    /// The end, with a code and a reason.
    Close,
    /// A question for a pong.
    Ping,
    /// An answer.
    Pong,
}

impl Opcode {
    /// Whether it is a control frame: those may come between fragments (RFC 6455 §5.5).
    #[must_use]
    pub fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Whether the message ends with it.
    pub fin: bool,
    /// The reserved bits, RSV1 being 4: with permessage-deflate it says that the message is compressed (RFC 7692 §6).
    pub reserved: u8,
    /// What it carries.
    pub opcode: Opcode,
    /// The key that its payload is masked with: all frames from clients are, none from servers (RFC 6455 §5.1).
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload.
    pub payload: u64,
}

impl Frame {
    /// Reads the head of a frame that `side` sent, with its length in bytes: 2 to 14. `None`: it goes on.
    ///
    /// `reserved` are the reserved bits that an extension has given a meaning.
    ///
    /// # Errors
    ///
    /// What RFC 6455 forbids: the connection must fail, with code 1002 (§7.4.1). The status of the [`Reject`] has no
    /// meaning then.
    pub fn parse(bytes: &[u8], side: Side, reserved: u8) -> Result<Option<(Self, usize)>, Reject> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let opcode = match first & 0x0f {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return Err(side.reject("a frame with a reserved opcode")),
        };
        let fin = first & 0x80 != 0;
        let rsv = first >> 4 & 7;
        if rsv & !reserved != 0 {
            return Err(side.reject("a frame with a reserved bit"));
        }
        // RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
        // fragmented."
        if opcode.is_control() && (!fin || second & 0x7f > 125) {
            return Err(side.reject("a control frame that is fragmented or too long"));
        }
        let masked = second & 0x80 != 0;
        if masked != (side == Side::Request) {
            return Err(side.reject(if masked {
                "a server's frame is masked"
            } else {
                "a client's frame is not masked"
            }));
        }
        let (payload, rest) = match (second & 0x7f, rest) {
            (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), rest),
            (127, [a, b, c, d, e, f, g, h, rest @ ..]) => {
                (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), rest)
            }
            (126 | 127, _) => return Ok(None),
            (short, rest) => (u64::from(short), rest),
        };
        // RFC 6455 §5.2: "in all cases, the minimal number of bytes MUST be used to encode the length", and "the most
        // significant bit MUST be 0".
        let least = match second & 0x7f {
            126 => 126,
            127 => 1 << 16,
            _ => 0,
        };
        if payload < least || payload > i64::MAX as u64 {
            return Err(side.reject("a frame's length is not written in the shortest way"));
        }
        let (mask, rest) = match (masked, rest) {
            (false, rest) => (None, rest),
            (true, [a, b, c, d, rest @ ..]) => (Some([*a, *b, *c, *d]), rest),
            (true, _) => return Ok(None),
        };
        Ok(Some((Self { fin, reserved: rsv, opcode, mask, payload }, bytes.len() - rest.len())))
    }

    /// Writes the head behind what `out` holds.
    pub fn write(&self, out: &mut Vec<u8>) {
        let opcode = match self.opcode {
            Opcode::Continuation => 0,
            Opcode::Text => 1,
            Opcode::Binary => 2,
            Opcode::Close => 8,
            Opcode::Ping => 9,
            Opcode::Pong => 10,
        };
        out.push(u8::from(self.fin) << 7 | (self.reserved & 7) << 4 | opcode);
        let masked = u8::from(self.mask.is_some()) << 7;
        match (u8::try_from(self.payload), u16::try_from(self.payload)) {
            (Ok(short @ ..=125), _) => out.push(masked | short),
            (_, Ok(medium)) => {
                out.push(masked | 126);
                out.extend_from_slice(&medium.to_be_bytes());
            }
            _ => {
                out.push(masked | 127);
                out.extend_from_slice(&self.payload.to_be_bytes());
            }
        }
        out.extend_from_slice(&self.mask.unwrap_or_default()[..if self.mask.is_some() { 4 } else { 0 }]);
    }
}

/// Masks payload, or takes the mask off: both are the same (RFC 6455 §5.3). `at` is how much of the frame's payload
/// stands before these bytes.
pub fn mask(payload: &mut [u8], key: [u8; 4], at: u64) {
    let turn = (at % 4) as usize;
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle().skip(turn)) {
        *byte ^= key;
    }
}

/// Whether the frames of one direction come in an order that makes messages (RFC 6455 §5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// A message has begun and not ended.
    open: bool,
    /// A close has been sent.
    closed: bool,
}

impl Order {
    /// Takes the next frame that `side` sent.
    ///
    /// # Errors
    ///
    /// A continuation of nothing, a new message inside another, anything behind a close.
    pub fn take(&mut self, frame: &Frame, side: Side) -> Result<(), Reject> {
        if self.closed {
            return Err(side.reject("a frame behind the close"));
        }
        match (frame.opcode, self.open) {
            (Opcode::Close, _) => self.closed = true,
            (Opcode::Ping | Opcode::Pong, _) => {}
            (Opcode::Continuation, false) => return Err(side.reject("a continuation without a message")),
            (Opcode::Text | Opcode::Binary, true) => return Err(side.reject("a message inside another")),
            _ => self.open = !frame.fin,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

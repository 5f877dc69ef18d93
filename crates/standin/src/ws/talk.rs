//! What a client says in frames, and what is said to it: bytes in, bytes out.
//!
//! A message is put together and comes back in one frame. What RFC 6455 forbids ends the connection with the code that
//! it names, as early as it can be seen: a text that is none does not have to be sent to its end.

use bytes::{Buf, BytesMut};
use navyd_h1::{
    Side,
    ws::{Frame, Opcode, Order, mask},
};

/// A conversation under way.
pub(super) struct Talk {
    /// The longest message.
    most: usize,
    order: Order,
    /// The frame that is being read, and how much of its payload has come.
    frame: Option<(Frame, u64)>,
    /// The message that is being put together.
    message: Message,
    /// The payload of a control frame.
    control: Vec<u8>,
}

#[derive(Default)]
struct Message {
    text: bool,
    bytes: Vec<u8>,
    /// How much of a text is known to be UTF-8.
    checked: usize,
}

/// Why a conversation ends, and with which code (RFC 6455 §7.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closing {
    /// The client has said so, with this code or none.
    Asked(Option<u16>),
    /// The client has done what is forbidden.
    Broken(&'static str),
    /// A text is not UTF-8.
    NoText,
    /// A message is too long.
    TooLong,
    /// The server goes.
    Away,
}

impl Closing {
    /// Writes the last frame.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let (code, reason) = match self {
            Self::Asked(code) => (*code, ""),
            Self::Broken(reason) => (Some(1002), *reason),
            Self::NoText => (Some(1007), "the text is not UTF-8"),
            Self::TooLong => (Some(1009), "the message is too long"),
            Self::Away => (Some(1001), "the server ends"),
        };
        let code = code.map(u16::to_be_bytes);
        say(Opcode::Close, &[code.as_ref().map_or(&[][..], |code| code), reason.as_bytes()], out);
    }
}

impl Talk {
    pub(super) fn new(most: usize) -> Self {
        Self { most, order: Order::default(), frame: None, message: Message::default(), control: Vec::new() }
    }

    /// Whether a frame has begun and not ended.
    pub(super) fn is_amid_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// Takes what has come, and writes what is to be said behind `out`; an error says that nothing more is to be heard.
    pub(super) fn hear(&mut self, read: &mut BytesMut, out: &mut Vec<u8>) -> Result<(), Closing> {
        loop {
            let (frame, seen) = match self.frame {
                Some(under_way) => under_way,
                None => match self.begin(read)? {
                    Some(frame) => (frame, 0),
                    None => return Ok(()),
                },
            };
            let left = frame.payload - seen;
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(read.len());
            let mut payload = read.split_to(length);
            mask(&mut payload, frame.mask.unwrap_or_default(), seen);
            let ends = length as u64 == left;
            self.frame = (!ends).then_some((frame, seen + length as u64));
            if frame.opcode.is_control() {
                self.control.extend_from_slice(&payload);
            } else {
                self.message.bytes.extend_from_slice(&payload);
                self.message.check(ends && frame.fin)?;
            }
            if !ends {
                return Ok(());
            }
            self.end(&frame, out)?;
        }
    }

    /// The next frame, once all of its head has come.
    fn begin(&mut self, read: &mut BytesMut) -> Result<Option<Frame>, Closing> {
        let parsed = Frame::parse(read, Side::Request, 0).map_err(|reject| Closing::Broken(reject.reason))?;
        let Some((frame, length)) = parsed else { return Ok(None) };
        self.order.take(&frame, Side::Request).map_err(|reject| Closing::Broken(reject.reason))?;
        read.advance(length);
        if matches!(frame.opcode, Opcode::Text | Opcode::Binary) {
            self.message = Message { text: frame.opcode == Opcode::Text, ..Message::default() };
        }
        let room = self.most - self.message.bytes.len();
        if !frame.opcode.is_control() && frame.payload > room as u64 {
            return Err(Closing::TooLong);
        }
        Ok(Some(frame))
    }

    fn end(&mut self, frame: &Frame, out: &mut Vec<u8>) -> Result<(), Closing> {
        let control = std::mem::take(&mut self.control);
        match frame.opcode {
            Opcode::Close => return Err(closed(&control)),
            Opcode::Ping => say(Opcode::Pong, &[&control], out),
            Opcode::Pong => {}
            _ if frame.fin => {
                let message = std::mem::take(&mut self.message);
                let opcode = if message.text { Opcode::Text } else { Opcode::Binary };
                say(opcode, &[&message.bytes], out);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Message {
    /// Looks at what has come of a text. A letter may be cut only where more is to come.
    fn check(&mut self, whole: bool) -> Result<(), Closing> {
        if !self.text {
            return Ok(());
        }
        match std::str::from_utf8(&self.bytes[self.checked..]) {
            Ok(_) => self.checked = self.bytes.len(),
            Err(error) if error.error_len().is_none() && !whole => self.checked += error.valid_up_to(),
            Err(_) => return Err(Closing::NoText),
        }
        Ok(())
    }
}

/// What a close frame says (RFC 6455 §5.5.1, §7.4).
fn closed(payload: &[u8]) -> Closing {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Closing::Asked(None) } else { Closing::Broken("half a code") };
    };
    match u16::from_be_bytes(*code) {
        1000..=1003 | 1007..=1014 | 3000..=4999 if std::str::from_utf8(reason).is_err() => Closing::NoText,
        code @ (1000..=1003 | 1007..=1014 | 3000..=4999) => Closing::Asked(Some(code)),
        _ => Closing::Broken("a code that no one may send"),
    }
}

/// Writes a frame with these bytes.
fn say(opcode: Opcode, payload: &[&[u8]], out: &mut Vec<u8>) {
    let length = payload.iter().map(|part| part.len() as u64).sum();
    Frame { fin: true, reserved: 0, opcode, mask: None, payload: length }.write(out);
    payload.iter().for_each(|part| out.extend_from_slice(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of a client: the first byte, and the payload.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let key = [1, 2, 3, 4];
        let mut out = Vec::new();
        Frame {
            fin: true,
            reserved: 0,
            opcode: Opcode::Text,
            mask: Some(key),
            payload: payload.len() as u64,
        }
        .write(&mut out);
        out[0] = first;
        let at = out.len();
        out.extend_from_slice(payload);
        mask(&mut out[at..], key, 0);
        out
    }

    /// What is said to these bytes, given `step` at a time, until the end if there is one.
    fn said(bytes: &[u8], step: usize) -> (Vec<u8>, Option<Closing>) {
        let (mut talk, mut read, mut out) = (Talk::new(20), BytesMut::new(), Vec::new());
        for piece in bytes.chunks(step) {
            read.extend_from_slice(piece);
            if let Err(closing) = talk.hear(&mut read, &mut out) {
                return (out, Some(closing));
            }
        }
        (out, None)
    }

    #[test]
    fn messages_come_back_and_mistakes_are_named() {
        let asked = |code| Some(Closing::Asked(code));
        let broken = |reason| Some(Closing::Broken(reason));
        let unmasked = b"\x81\x01a".to_vec();
        for (frames, expected, closing) in [
            (vec![frame(0x81, b"hi")], &b"\x81\x02hi"[..], None),
            (vec![frame(0x82, b"\xff"), frame(0x81, b"")], b"\x82\x01\xff\x81\x00", None),
            // A ping between fragments, one of which cuts a letter.
            (
                vec![frame(0x01, b"a\xc3"), frame(0x89, b"p"), frame(0x00, b""), frame(0x80, b"\xa9")],
                b"\x8a\x01p\x81\x03a\xc3\xa9",
                None,
            ),
            (vec![frame(0x8a, b"unasked")], b"", None),
            (vec![frame(0x88, b"")], b"", asked(None)),
            (vec![frame(0x88, b"\x03\xe8bye")], b"", asked(Some(1000))),
            (vec![frame(0x88, b"\x0b\xb8")], b"", asked(Some(3000))),
            (vec![frame(0x88, b"\x03\xed")], b"", broken("a code that no one may send")),
            (vec![frame(0x88, b"\x03")], b"", broken("half a code")),
            (vec![frame(0x88, b"\x03\xe8\xff")], b"", Some(Closing::NoText)),
            (vec![frame(0x81, b"\xff")], b"", Some(Closing::NoText)),
            (vec![frame(0x81, b"a\xc3")], b"", Some(Closing::NoText)),
            (vec![frame(0x01, b"\xed\xa0\x80")], b"", Some(Closing::NoText)),
            (vec![frame(0x82, &[0; 21])], b"", Some(Closing::TooLong)),
            (vec![frame(0x02, &[0; 20]), frame(0x80, &[0])], b"", Some(Closing::TooLong)),
            (vec![unmasked], b"", broken("a client's frame is not masked")),
            (vec![frame(0x80, b"")], b"", broken("a continuation without a message")),
            (vec![frame(0x01, b""), frame(0x81, b"")], b"", broken("a message inside another")),
            (vec![frame(0xc1, b"")], b"", broken("a frame with a reserved bit")),
            (vec![frame(0x83, b"")], b"", broken("a frame with a reserved opcode")),
            (vec![frame(0x09, b"")], b"", broken("a control frame that is fragmented or too long")),
            (vec![frame(0x89, &[0; 126])], b"", broken("a control frame that is fragmented or too long")),
        ] {
            let bytes = frames.concat();
            for step in [1, 3, bytes.len()] {
                assert_eq!(said(&bytes, step), (expected.to_vec(), closing.clone()), "{bytes:?} by {step}");
            }
        }
    }

    #[test]
    fn a_text_that_is_none_is_refused_before_its_end() {
        let bytes = frame(0x81, b"\xffaaaaaaaaaaaaaaaaaa");
        assert_eq!(said(&bytes[..8], 8).1, Some(Closing::NoText));
    }

    #[test]
    fn the_last_frame_has_the_code() {
        let mut out = Vec::new();
        Closing::Asked(None).write(&mut out);
        Closing::Asked(Some(1000)).write(&mut out);
        assert_eq!(out, b"\x88\x00\x88\x02\x03\xe8");
        out.clear();
        Closing::TooLong.write(&mut out);
        assert_eq!(out[..4], *b"\x88\x19\x03\xf1");
    }
}

//! DNS over UDP and over TCP (RFC 1035): each question with its answer is one exchange.
//!
//! Deliberately absent: DNS over TLS and over HTTPS, zone transfers beyond their first message, judging signatures.

mod message;
mod name;
mod record;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, mem};

use navyd_model::exchange::{Protocol, Side};
use serde_json::{Map, Value};

use crate::{
    Decoder, Extent, Spoken,
    frames::{Frames, Wrong},
    reader::Reader,
    spoken::{AFTER_A_GAP, untold},
};
use message::Message;

/// How many questions may wait for their answers; the oldest are then told without.
const PENDING: usize = 256;

/// Reads the datagrams of one client, each given alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Datagrams(Questions);

/// Reads one connection, where a length stands before each message (RFC 1035 §4.2.2).
#[derive(Debug, Clone, Default)]
pub(crate) struct Stream {
    client: Frames,
    server: Frames,
    questions: Questions,
    lost: bool,
}

/// What waits for its answer.
#[derive(Debug, Clone, Default)]
struct Questions {
    pending: VecDeque<(u16, Spoken)>,
    said: bool,
}

impl Decoder for Datagrams {
    fn bytes(&mut self, from: Side, at: i64, bytes: &[u8], out: &mut Vec<Spoken>) {
        if self.0.message(from, at, bytes, bytes.len() as u64, at, out).is_err()
            && !mem::replace(&mut self.0.said, true)
        {
            out.push(Spoken::note(Protocol::Dns, at, "opaque", "a datagram that is not DNS"));
        }
    }

    /// Datagrams stand alone: what is not known may have been the answer to any question that waits.
    fn gap(&mut self, from: Side, _at: i64, _count: u64, _out: &mut Vec<Spoken>) {
        if from == Side::Server {
            self.0.pending.iter_mut().for_each(|(_, spoken)| spoken.extent = Extent::Unknown);
        }
    }

    fn end(&mut self, _at: i64, out: &mut Vec<Spoken>) {
        self.0.give_up(out);
    }
}

impl Decoder for Stream {
    fn bytes(&mut self, from: Side, at: i64, mut bytes: &[u8], out: &mut Vec<Spoken>) {
        let mut frames = mem::take(self.frames(from));
        while !self.lost {
            let read =
                match frames.next(&mut bytes, at, length) {
                    Ok(Some(frame)) => {
                        let size = frame.size;
                        frame.bytes.get(2..).ok_or(Wrong).and_then(|message| {
                            self.questions.message(from, frame.began, message, size, at, out)
                        })
                    }
                    Ok(None) => break,
                    Err(wrong) => Err(wrong),
                };
            if read.is_err() {
                self.lose(at, "this is not DNS", "opaque", out);
            }
        }
        *self.frames(from) = frames;
    }

    fn gap(&mut self, from: Side, at: i64, count: u64, out: &mut Vec<Spoken>) {
        if !self.lost && !self.frames(from).gap(count) {
            self.lose(at, AFTER_A_GAP, "gap", out);
        }
    }

    fn end(&mut self, _at: i64, out: &mut Vec<Spoken>) {
        self.questions.give_up(out);
        self.lost = true;
    }
}

impl Stream {
    fn frames(&mut self, from: Side) -> &mut Frames {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn lose(&mut self, at: i64, text: &str, method: &str, out: &mut Vec<Spoken>) {
        self.lost = true;
        let before = out.len();
        self.questions.give_up(out);
        untold(&mut out[before..]);
        out.push(Spoken::rest(Protocol::Dns, at, method, text));
    }
}

fn length(head: &[u8]) -> Result<Option<u64>, Wrong> {
    Ok(Reader(head).u16().map(|length| u64::from(length) + 2))
}

impl Questions {
    /// Takes a message. What came of it began at `began`, and is complete at `at`.
    fn message(
        &mut self,
        from: Side,
        began: i64,
        bytes: &[u8],
        size: u64,
        at: i64,
        out: &mut Vec<Spoken>,
    ) -> Result<(), Wrong> {
        let message = Message::read(bytes).ok_or(Wrong)?;
        if message.is_answer == (from == Side::Client) {
            return Err(Wrong);
        }
        if from == Side::Client {
            if self.pending.len() >= PENDING {
                let before = out.len();
                out.extend(self.pending.pop_front().map(|(_, spoken)| spoken));
                untold(&mut out[before..]);
            }
            let mut spoken = Spoken::new(Protocol::Dns, began, &message.kind, message.name.as_str());
            spoken.sent = size;
            spoken.details = message.details.into();
            self.pending.push_back((message.id, spoken));
            return Ok(());
        }
        // A resolver asks the same again under another number; an answer has the number and the question.
        let asked = |(id, spoken): &(u16, Spoken)| {
            *id == message.id
                && (message.name.is_empty() || spoken.target.eq_ignore_ascii_case(&message.name))
        };
        let found = self.pending.iter().position(asked).and_then(|place| self.pending.remove(place));
        let mut spoken = match found {
            Some((_, spoken)) => spoken,
            None => Spoken::new(Protocol::Dns, began, &message.kind, message.name.as_str()),
        };
        spoken.extent = Extent::Known;
        spoken.answered = Some(began);
        spoken.ended = Some(at);
        spoken.received = size;
        spoken.error = message.error;
        let mut details = match spoken.details {
            Value::Object(details) => details,
            _ => Map::new(),
        };
        details.extend(message.details);
        spoken.details = details.into();
        out.push(spoken);
        Ok(())
    }

    fn give_up(&mut self, out: &mut Vec<Spoken>) {
        out.extend(self.pending.drain(..).map(|(_, spoken)| spoken));
    }
}

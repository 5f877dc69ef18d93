//! MySQL and MariaDB, their client/server protocol since MySQL 4.1.
//!
//! Each command that is answered is one exchange: a query with all its results, the execution of a prepared statement with
//! its parameters. Deliberately absent: what proves who a client is, which is never looked at; the content of files that
//! LOAD DATA LOCAL sends, which is counted; the compressed protocol.

mod answer;
mod ask;
mod column;
mod command;
mod greeting;
#[cfg(test)]
mod tests;
mod values;
mod wire;

use std::{collections::VecDeque, mem};

use navyd_model::exchange::{Protocol, Side};

use crate::{
    Decoder, Spoken,
    frames::{Frame, Frames, Wrong},
    remembered::Remembered,
    spoken::{AFTER_A_GAP, untold},
};
use answer::Due;
use ask::Ask;
use command::Statement;
use greeting::Abilities;

/// How much of one parameter or one value of a row is kept.
const VALUE: usize = 1 << 10;
/// How many parameters are kept, and how many bytes of them.
const PARAMETERS: (usize, usize) = (64, 8 << 10);
/// How many rows of an exchange are kept, and how many bytes of them.
const ROWS: (usize, usize) = (50, 16 << 10);
/// How many columns are kept.
const COLUMNS: usize = 128;
/// How many results of one command are kept.
const RESULTS: usize = 16;
/// How many prepared statements are remembered, and how many bytes of their texts.
const STATEMENTS: (usize, usize) = (1024, 1 << 20);
/// How many commands may wait for their answers, and how many bytes of them are kept. Clients rarely have two.
const PENDING: (usize, usize) = (1024, 1 << 20);
/// What is kept of a statement when too much is kept already.
const CUT: usize = 128;
/// How often the search for the next message begins again when there was no gap.
const LOSSES: u8 = 8;

/// Reads one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mysql {
    phase: Phase,
    client: Direction,
    server: Direction,
    abilities: Abilities,
    asks: VecDeque<Ask>,
    asks_cost: usize,
    /// What of the answer to the oldest is due.
    due: Due,
    statements: Remembered<u32, Statement>,
    losses: u8,
}

#[derive(Debug, Clone, Default)]
struct Direction {
    frames: Frames,
    /// The next packet belongs to the message of the last one, which was full.
    goes_on: bool,
    /// The number of the last packet.
    number: u8,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The server's greeting is due.
    #[default]
    Greeting,
    /// The client introduces itself.
    Introduction,
    /// Commands are understood.
    Open,
    /// They are not, until a client sends one alone.
    Lost,
    /// Nothing more can be understood.
    Opaque,
}

impl Decoder for Mysql {
    fn bytes(&mut self, from: Side, at: i64, bytes: &[u8], out: &mut Vec<Spoken>) {
        if self.phase == Phase::Lost && from == Side::Client && is_command_alone(bytes) {
            self.phase = Phase::Open;
        }
        if self.read(from, at, bytes, out).is_err() {
            self.fail(at, out);
        }
    }

    fn gap(&mut self, from: Side, at: i64, count: u64, out: &mut Vec<Spoken>) {
        let understood = !matches!(self.phase, Phase::Lost | Phase::Opaque);
        if !understood || self.direction(from).frames.gap(count) {
            return;
        }
        let opened = self.phase == Phase::Open;
        self.lose(out);
        if !opened {
            // What both sides are able to is not known.
            return self.close("gap", AFTER_A_GAP, at, out);
        }
        out.push(Spoken::note(Protocol::Mysql, at, "gap", AFTER_A_GAP));
    }

    fn end(&mut self, _at: i64, out: &mut Vec<Spoken>) {
        self.unanswered(out);
        self.phase = Phase::Opaque;
    }
}

impl Mysql {
    fn read(&mut self, from: Side, at: i64, mut bytes: &[u8], out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let mut frames = mem::take(&mut self.direction(from).frames);
        let mut read = Ok(());
        while let (Phase::Greeting | Phase::Introduction | Phase::Open, Ok(())) = (self.phase, read) {
            read = match frames.next(&mut bytes, at, wire::length) {
                Ok(Some(frame)) => self.packet(from, &frame, at, out),
                Ok(None) => break,
                Err(wrong) => Err(wrong),
            };
        }
        self.direction(from).frames = frames;
        read
    }

    fn packet(&mut self, from: Side, frame: &Frame<'_>, at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let direction = self.direction(from);
        let more = mem::replace(&mut direction.goes_on, frame.size == wire::FULL);
        let number = frame.bytes.get(3).copied().ok_or(Wrong)?;
        direction.number = number;
        if more {
            self.more(from, frame.size);
            return Ok(());
        }
        let body = &frame.bytes[wire::HEAD..];
        match (self.phase, from) {
            (Phase::Greeting, Side::Server) => self.greeting(body, frame, at, out),
            (Phase::Introduction, Side::Client) => self.introduction(body, frame, at, out),
            (Phase::Open, Side::Client) => self.client_packet(number, body, frame, at, out),
            (Phase::Open, Side::Server) => self.answered(number, body, frame, at, out),
            _ => Err(Wrong),
        }
    }

    fn direction(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// More of a message whose begin is known.
    fn more(&mut self, from: Side, size: u64) {
        match from {
            Side::Client => {
                if let Some(ask) = self.asks.back_mut() {
                    ask.sent += size;
                }
            }
            Side::Server => {
                if let Some(ask) = self.asks.front_mut() {
                    ask.answer.received += size;
                }
            }
        }
    }

    /// Something is asked.
    fn ask(&mut self, mut ask: Ask) -> Result<(), Wrong> {
        if self.asks.len() >= PENDING.0 {
            return Err(Wrong);
        }
        if self.asks_cost + ask.cost() > PENDING.1 {
            ask.shorten();
        }
        self.asks_cost += ask.cost();
        if self.asks.is_empty() {
            self.due = Due::of(ask.kind);
        }
        self.asks.push_back(ask);
        Ok(())
    }

    /// What is answered now has been answered.
    fn tell(&mut self, at: i64, out: &mut Vec<Spoken>) {
        if let Some(ask) = self.asks.pop_front() {
            self.asks_cost = self.asks_cost.saturating_sub(ask.cost());
            out.push(ask.spoken(Some(at)));
        }
        self.due = self.asks.front().map(|ask| Due::of(ask.kind)).unwrap_or_default();
    }

    /// What was read makes no sense.
    fn fail(&mut self, at: i64, out: &mut Vec<Spoken>) {
        if self.phase == Phase::Open && self.losses < LOSSES {
            self.losses += 1;
            self.lose(out);
            out.push(Spoken::note(Protocol::Mysql, at, "gap", "could not follow"));
            return;
        }
        self.close("opaque", "this is not MySQL", at, out);
    }

    fn lose(&mut self, out: &mut Vec<Spoken>) {
        self.give_up(out);
        self.phase = Phase::Lost;
        self.client = Direction::default();
        self.server = Direction::default();
    }

    /// What was asked is not followed any more.
    fn give_up(&mut self, out: &mut Vec<Spoken>) {
        let before = out.len();
        self.unanswered(out);
        untold(&mut out[before..]);
    }

    /// Tells what will never be answered.
    fn unanswered(&mut self, out: &mut Vec<Spoken>) {
        out.extend(self.asks.drain(..).map(|ask| ask.spoken(None)));
        self.asks_cost = 0;
        self.due = Due::default();
    }

    /// Nothing more can be understood, and that is said.
    fn close(&mut self, method: &str, text: &str, at: i64, out: &mut Vec<Spoken>) {
        self.give_up(out);
        self.phase = Phase::Opaque;
        out.push(Spoken::rest(Protocol::Mysql, at, method, text));
    }
}

/// Whether these bytes are one command, which a client begins with the number 0. What answers it must then have the next
/// number, so that a mistake shows at once.
fn is_command_alone(bytes: &[u8]) -> bool {
    let length = wire::length(bytes).ok().flatten();
    length == Some(bytes.len() as u64) && matches!(bytes, [_, _, _, 0, command, ..] if *command <= 0x20)
}

//! Redis and what speaks like it: RESP2 and RESP3, arrays and inline commands, pipelined or not.
//!
//! Each command is one exchange, and each message that a subscriber is sent. Replies carry no numbers, so that what
//! answers what is known by counting alone. Deliberately absent: passwords, which `command` takes out before anything
//! is kept; replication, which is a stream of its own.

mod command;
mod subscription;
#[cfg(test)]
mod tests;
mod wire;

use std::{collections::VecDeque, mem};

use navyd_model::exchange::{Protocol, Side};
use serde_json::{Map, Value, json};

use crate::{
    Decoder, Extent, Spoken,
    frames::Wrong,
    spoken::{AFTER_A_GAP, untold},
};
use command::Command;
use subscription::Subscriptions;
use wire::{Datum, Told, Wire};

/// How many commands may wait for their replies.
const PENDING: usize = 64 << 10;
/// How many bytes of arguments those keep; then only the names of the commands are kept.
const PENDING_BYTES: usize = 1 << 20;
/// How many commands of a transaction are told with its EXEC.
const QUEUED: usize = 64;
/// The first byte of a TLS record that begins a handshake.
const TLS: u8 = 0x16;
/// How often the search for the next message begins again when there was no gap.
const LOSSES: u8 = 8;

/// Reads one connection.
#[derive(Debug, Clone)]
pub(crate) struct Redis {
    phase: Phase,
    client: Wire,
    server: Wire,
    pending: VecDeque<Command>,
    pending_bytes: usize,
    subscriptions: Subscriptions,
    /// The commands of a transaction that has begun.
    transaction: Option<Vec<Value>>,
    /// Whether the client wants replies at all.
    replies: Replies,
    /// Whether the server tells what all its clients do.
    monitors: bool,
    begun: bool,
    losses: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Messages are understood.
    Open,
    /// They are not, until one command alone was followed by one reply alone.
    Lost(Found),
    /// Nothing more can be understood.
    Opaque,
}

/// How far the search for the next message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Command,
    Reply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replies {
    On,
    Off,
    /// Not to the next command.
    Skip,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            phase: Phase::Open,
            client: Wire::new(Side::Client),
            server: Wire::new(Side::Server),
            pending: VecDeque::new(),
            pending_bytes: 0,
            subscriptions: Subscriptions::default(),
            transaction: None,
            replies: Replies::On,
            monitors: false,
            begun: false,
            losses: 0,
        }
    }
}

impl Decoder for Redis {
    fn bytes(&mut self, from: Side, at: i64, bytes: &[u8], out: &mut Vec<Spoken>) {
        let may_be_tls = self.phase == Phase::Open && !self.begun && self.client.is_idle();
        if may_be_tls && from == Side::Client && bytes.first() == Some(&TLS) {
            self.phase = Phase::Opaque;
            out.push(Spoken::rest(Protocol::Redis, at, "tls", "encrypted by TLS from here on"));
        }
        match self.phase {
            Phase::Open => {}
            Phase::Lost(found) => {
                self.phase = self.search(found, from, bytes);
                if self.phase != Phase::Open {
                    return;
                }
            }
            Phase::Opaque => return,
        }
        if self.read(from, at, bytes, out).is_err() {
            self.fail(at, out);
        }
    }

    fn gap(&mut self, from: Side, at: i64, count: u64, out: &mut Vec<Spoken>) {
        if self.phase == Phase::Open && self.wire(from).gap(count) {
            return;
        }
        match self.phase {
            Phase::Open => {
                self.lose(out);
                out.push(Spoken::note(Protocol::Redis, at, "gap", AFTER_A_GAP));
            }
            Phase::Lost(_) => self.phase = Phase::Lost(Found::Nothing),
            Phase::Opaque => {}
        }
    }

    fn end(&mut self, _at: i64, out: &mut Vec<Spoken>) {
        self.unanswered(out);
        self.phase = Phase::Opaque;
    }
}

impl Redis {
    fn read(&mut self, from: Side, at: i64, mut bytes: &[u8], out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let mut wire = mem::replace(self.wire(from), Wire::new(from));
        let mut read = Ok(());
        while let (Phase::Open, Ok(())) = (self.phase, read) {
            read = match wire.next(&mut bytes, at) {
                Ok(Some(told)) if from == Side::Client => self.command(told, at, out),
                Ok(Some(told)) => self.reply(told, at, out),
                Ok(None) => break,
                Err(wrong) => Err(wrong),
            };
        }
        *self.wire(from) = wire;
        read
    }

    fn wire(&mut self, from: Side) -> &mut Wire {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn command(&mut self, told: Told, at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        // The server passes over a line without words.
        let Some(mut command) = Command::new(told)? else { return Ok(()) };
        if let "SYNC" | "PSYNC" = command.method.as_str() {
            self.phase = Phase::Opaque;
            self.give_up(out);
            out.push(Spoken { extent: Extent::Unknown, ..command.spoken(None, Map::new()) });
            out.push(Spoken::rest(Protocol::Redis, at, "opaque", "replication from here on"));
            return Ok(());
        }
        let silent = self.is_silent(&command);
        if silent {
            out.push(command.spoken(Some(at), Map::new()));
            return Ok(());
        }
        if self.pending.len() >= PENDING {
            return Err(Wrong);
        }
        if self.pending_bytes + command.cost() > PENDING_BYTES {
            command.forget_arguments();
        }
        self.pending_bytes += command.cost();
        self.pending.push_back(command);
        Ok(())
    }

    /// Whether no reply will come, since the client said so.
    fn is_silent(&mut self, command: &Command) -> bool {
        let before = self.replies;
        if before == Replies::Skip {
            self.replies = Replies::On;
        }
        if command.method == "CLIENT REPLY" {
            self.replies = match command.argument(1).map(|mode| mode.to_ascii_uppercase()).as_deref() {
                Some("ON") => Replies::On,
                Some("OFF") => Replies::Off,
                Some("SKIP") if before != Replies::Off => Replies::Skip,
                _ => before,
            };
            return self.replies != Replies::On;
        }
        before != Replies::On
    }

    fn reply(&mut self, told: Told, at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let confirms = self.pending.front().and_then(|command| subscription::confirms(command, &told.datum));
        if confirms.is_none()
            && let Some(spoken) = self.subscriptions.message(&told, at)
        {
            out.push(spoken);
            return Ok(());
        }
        let Some(command) = self.pending.front_mut() else { return self.unasked(&told, at, out) };
        command.answered.get_or_insert(told.began);
        command.received += told.size;
        if let Some(total) = confirms {
            let left = self.subscriptions.confirmed(command, total);
            if left > 0 {
                return Ok(());
            }
        }
        let Some(mut command) = self.pending.pop_front() else { return Err(Wrong) };
        self.pending_bytes = self.pending_bytes.saturating_sub(command.cost());
        self.begun = true;
        let mut details = Map::new();
        command.error = told.datum.error();
        self.transacted(&command, &told.datum, &mut details);
        details.insert("reply".into(), command.shown(told.datum));
        match command.method.as_str() {
            "MONITOR" if command.error.is_none() => self.monitors = true,
            "RESET" if command.error.is_none() => {
                self.monitors = false;
                self.subscriptions = Subscriptions::default();
            }
            _ => {}
        }
        out.push(command.spoken(Some(at), details));
        Ok(())
    }

    /// Keeps what a transaction consists of, and tells it with its EXEC.
    fn transacted(&mut self, command: &Command, reply: &Datum, details: &mut Map<String, Value>) {
        match command.method.as_str() {
            "MULTI" if command.error.is_none() => self.transaction = Some(Vec::new()),
            "DISCARD" | "RESET" => self.transaction = None,
            "EXEC" => {
                if let Some(commands) = self.transaction.take() {
                    details.insert("commands".into(), commands.into());
                }
            }
            _ => {
                if let Some(commands) = &mut self.transaction
                    && reply.is("QUEUED")
                    && commands.len() < QUEUED
                {
                    commands.push(format!("{} {}", command.method, command.target).trim_end().into());
                }
            }
        }
    }

    /// What the server says without having been asked.
    fn unasked(&mut self, told: &Told, at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let (method, target, error) = match (&told.datum, told.datum.error()) {
            (_, Some(error)) => ("error", String::new(), Some(error)),
            (Datum::Simple(line), None) if self.monitors => ("monitor", line.clone(), None),
            // What RESP3 pushes, and is no message.
            (Datum::List { kind: b'>', .. }, None) => ("push", String::new(), None),
            _ => return Err(Wrong),
        };
        let details = if method == "push" { json!({"push": told.datum.to_json()}) } else { Value::Null };
        out.push(Spoken {
            answered: Some(told.began),
            ended: Some(at),
            error,
            received: told.size,
            details,
            ..Spoken::new(Protocol::Redis, told.began, method, target)
        });
        Ok(())
    }

    /// Looks for a command that came alone, was followed by a reply that came alone, and is followed by a command. The
    /// bias is towards finding it late: who always has several commands under way is not found again.
    fn search(&mut self, found: Found, from: Side, bytes: &[u8]) -> Phase {
        let alone = || {
            let (mut wire, mut rest) = (Wire::new(from), bytes);
            matches!(wire.next(&mut rest, 0), Ok(Some(_))) && rest.is_empty()
        };
        match (found, from) {
            (Found::Reply, Side::Client) if bytes.starts_with(b"*") => Phase::Open,
            (_, Side::Client) if bytes.starts_with(b"*") && alone() => Phase::Lost(Found::Command),
            (Found::Command, Side::Server) if alone() => Phase::Lost(Found::Reply),
            _ => Phase::Lost(Found::Nothing),
        }
    }

    /// What was read makes no sense.
    fn fail(&mut self, at: i64, out: &mut Vec<Spoken>) {
        if self.begun && self.losses < LOSSES {
            self.losses += 1;
            self.lose(out);
            out.push(Spoken::note(Protocol::Redis, at, "gap", "could not follow"));
            return;
        }
        self.give_up(out);
        self.phase = Phase::Opaque;
        out.push(Spoken::rest(Protocol::Redis, at, "opaque", "this is not Redis"));
    }

    fn lose(&mut self, out: &mut Vec<Spoken>) {
        self.give_up(out);
        self.phase = Phase::Lost(Found::Nothing);
        self.client = Wire::new(Side::Client);
        self.server = Wire::new(Side::Server);
        self.transaction = None;
    }

    /// What was asked is not followed any more.
    fn give_up(&mut self, out: &mut Vec<Spoken>) {
        let before = out.len();
        self.unanswered(out);
        untold(&mut out[before..]);
    }

    /// Tells what will never be answered.
    fn unanswered(&mut self, out: &mut Vec<Spoken>) {
        out.extend(self.pending.drain(..).map(|command| command.spoken(None, Map::new())));
        self.pending_bytes = 0;
    }
}

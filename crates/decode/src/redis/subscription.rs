//! Channels that a client has subscribed to: what confirms that, and what comes through them.

use navyd_model::exchange::{Piece, Protocol, Side};
use serde_json::{Value, json};

use super::{
    command::Command,
    wire::{Datum, Told},
};
use crate::Spoken;

/// How many subscriptions a client has: to channels, to patterns, to channels of a shard.
#[derive(Debug, Default, Clone)]
pub(super) struct Subscriptions {
    counts: [u64; 3],
    /// What the last confirmation told: channels and patterns are counted together.
    totals: [u64; 2],
}

/// The count that a reply tells when it confirms what this command subscribes to, or leaves.
pub(super) fn confirms(command: &Command, reply: &Datum) -> Option<u64> {
    let Datum::List { items, .. } = reply else { return None };
    let [kind, _, count] = items.as_slice() else { return None };
    let kind = kind.text()?;
    if place(&command.method).is_some() && kind.eq_ignore_ascii_case(&command.method) {
        count.text()?.parse().ok()
    } else {
        None
    }
}

/// Which count a command changes.
fn place(method: &str) -> Option<usize> {
    match method {
        "SUBSCRIBE" | "UNSUBSCRIBE" => Some(0),
        "PSUBSCRIBE" | "PUNSUBSCRIBE" => Some(1),
        "SSUBSCRIBE" | "SUNSUBSCRIBE" => Some(2),
        _ => None,
    }
}

impl Subscriptions {
    /// Takes a confirmation, and tells how many are still due: one for each channel, and where none was named one for
    /// each that is left.
    pub(super) fn confirmed(&mut self, command: &mut Command, total: u64) -> u64 {
        let Some(place) = place(&command.method) else { return 0 };
        let expected = match command.arguments() {
            0 => (self.counts[place] + command.confirmed).max(1),
            named => named,
        };
        let shared = usize::from(place == 2);
        let before = std::mem::replace(&mut self.totals[shared], total);
        self.counts[place] = (self.counts[place] + total).saturating_sub(before);
        command.confirmed += 1;
        expected.saturating_sub(command.confirmed)
    }

    /// What came through a channel. RESP2 sends it like any reply, but only to those who subscribed.
    pub(super) fn message(&self, told: &Told, at: i64) -> Option<Spoken> {
        let Datum::List { kind, items, .. } = &told.datum else { return None };
        if *kind != b'>' && self.totals == [0, 0] {
            return None;
        }
        let (pattern, channel, payload) = match items.as_slice() {
            [kind, channel, payload] if kind.is("message") || kind.is("smessage") => (None, channel, payload),
            [kind, pattern, channel, payload] if kind.is("pmessage") => (Some(pattern), channel, payload),
            _ => return None,
        };
        let size = match payload {
            Datum::Text { size, .. } => *size,
            _ => 0,
        };
        let piece = Piece {
            at_ms: 0.0,
            from: Side::Server,
            kind: "message".to_owned(),
            size,
            text: payload.text(),
            base64: None,
        };
        Some(Spoken {
            answered: Some(told.began),
            ended: Some(at),
            received: told.size,
            details: pattern.map_or(Value::Null, |pattern| json!({"pattern": pattern.to_json()})),
            pieces: vec![piece],
            ..Spoken::new(Protocol::Redis, told.began, "message", channel.text().unwrap_or_default())
        })
    }
}

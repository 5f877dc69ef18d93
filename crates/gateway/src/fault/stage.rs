//! One fault in one direction of one connection: what waits before it, and what it has done.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use navyd_model::exchange::{Hit, Side};

use super::{
    condition::{Front, ROOM, Seen, Verdict, Way, onward},
    dice::Dice,
    laid::Placed,
    queue::{Piece, Queue},
    words,
};

/// A fault in one direction.
pub(super) struct Stage {
    pub(super) placed: Arc<Placed>,
    way: Box<dyn Way>,
    dice: Dice,
    /// What waits before it.
    pub(super) queue: Queue,
    passed: u64,
    since: Instant,
    pub(super) last: Instant,
    account: Account,
    /// Whether it has done anything yet.
    struck: bool,
    /// Whether the connection cannot go on once it is over.
    spoilt: bool,
    /// Whether it waits for a time of its own, even though nothing is before it.
    armed: bool,
}

/// What one step has come to.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// Whether something has moved.
    pub(super) moved: bool,
    /// When it is worth looking again, even though nothing comes.
    pub(super) until: Option<Instant>,
    /// Whether the fault ends the connection.
    pub(super) end: Option<Ending>,
    /// What it chose, when it has done something for the first time.
    pub(super) chosen: Option<String>,
}

/// How a fault ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In order, behind what has passed.
    Cut,
    /// With a reset, at once.
    Reset,
}

/// What a fault has done since this was told last.
#[derive(Debug, Default)]
struct Account {
    held: bool,
    delays: u64,
    shortest: Duration,
    longest: Duration,
    pieces: u64,
    sliced: bool,
    swallowed: u64,
    end: Option<Ending>,
}

impl Stage {
    pub(super) fn new(placed: Arc<Placed>, way: Box<dyn Way>, dice: Dice, now: Instant) -> Self {
        let (queue, account) = (Queue::default(), Account::default());
        Self {
            placed,
            way,
            dice,
            queue,
            passed: 0,
            since: now,
            last: now,
            account,
            struck: false,
            spoilt: false,
            armed: false,
        }
    }

    /// The fault is laid anew; what it has done so far counts.
    pub(super) fn change(&mut self, placed: &Arc<Placed>, from: Side) {
        if !Arc::ptr_eq(&self.placed, placed)
            && let Some(way) = placed.condition.way(from)
        {
            self.way = way;
            self.placed = Arc::clone(placed);
        }
    }

    /// How much may wait here.
    pub(super) fn room(&self) -> usize {
        self.way.room()
    }

    /// Whether the connection cannot go on without it.
    pub(super) fn spoils(&self) -> bool {
        self.way.spoils()
    }

    /// Whether nothing waits before it, nothing was swallowed, and it has nothing in mind that time brings.
    pub(super) fn rests(&self) -> bool {
        self.queue.is_empty() && !self.spoilt && !self.armed
    }

    /// Moves what may move now to what comes next.
    pub(super) fn step(&mut self, now: Instant, next: &mut Next<'_>) -> Step {
        let mut step = Step::default();
        let (on, change) = self.placed.is_on(now);
        loop {
            let has_room = next.queue.has_room(next.room);
            let front = self.queue.front();
            if !has_room && (!on || self.way.lets_pass()) {
                step.until = change;
                return step;
            }
            let leaves = matches!(self.queue.first(), Some(Piece::Close(_))) && !self.way.lets_pass();
            let verdict = if !on && self.spoilt {
                Verdict::Cut
            } else if !on || leaves {
                onward(front)
            } else {
                self.spoilt |= self.way.spoils();
                if let Some(Piece::Bytes(bytes, _)) = self.queue.first() {
                    self.way.see(bytes);
                }
                let Self { passed, since, last, .. } = *self;
                self.way.judge(&Seen { now, front, passed, since, last }, &mut self.dice)
            };
            self.armed = matches!(verdict, Verdict::Hold(Some(_)));
            self.note(verdict, front, now, &mut step);
            match verdict {
                Verdict::Forward(count) => {
                    let Some(piece) = self.queue.take(count.max(1)) else {
                        step.until = change;
                        return step;
                    };
                    step.moved = true;
                    next.push(piece, now, &mut self.passed);
                }
                Verdict::Swallow => {
                    let _ = self.queue.take(usize::MAX);
                    step.moved = true;
                }
                Verdict::Hold(until) => {
                    step.until = earlier(until, change);
                    return step;
                }
                Verdict::Cut | Verdict::Reset => {
                    step.end = Some(if verdict == Verdict::Cut { Ending::Cut } else { Ending::Reset });
                    return step;
                }
            }
        }
    }

    /// What it has done since this was asked last.
    pub(super) fn hit(&mut self, from: Side) -> Option<Hit> {
        let delivered = std::mem::take(&mut self.account).told(self.passed)?;
        Some(Hit {
            fault: self.placed.fault.name.clone(),
            kind: self.placed.fault.kind.clone(),
            from: Some(from),
            asked: self.placed.condition.asked(),
            delivered,
        })
    }

    fn note(&mut self, verdict: Verdict, front: Front, now: Instant, step: &mut Step) {
        let account = &mut self.account;
        let strikes = match (verdict, front) {
            (Verdict::Forward(count), Front::Bytes(length, came)) => {
                account.delay(now.saturating_duration_since(came));
                account.pieces += 1;
                account.sliced |= count < length;
                count < length
            }
            (Verdict::Forward(_), Front::End(came)) => {
                account.delay(now.saturating_duration_since(came));
                false
            }
            (Verdict::Forward(_), Front::Nothing) => false,
            (Verdict::Swallow, Front::Bytes(length, _)) => {
                account.swallowed += length as u64;
                true
            }
            (Verdict::Hold(_), Front::Bytes(..) | Front::End(_)) => {
                account.held = true;
                true
            }
            (Verdict::Hold(_), Front::Nothing) | (Verdict::Swallow, _) => false,
            (Verdict::Cut, _) => {
                account.end = Some(Ending::Cut);
                true
            }
            (Verdict::Reset, _) => {
                account.end = Some(Ending::Reset);
                true
            }
        };
        if strikes && !std::mem::replace(&mut self.struck, true) {
            step.chosen = Some(self.way.chosen().unwrap_or_else(|| self.placed.condition.asked()));
        }
    }
}

impl Account {
    /// Something went on that had come so long before; only what was held was delayed.
    fn delay(&mut self, time: Duration) {
        if !std::mem::take(&mut self.held) {
            return;
        }
        self.shortest = if self.delays == 0 { time } else { self.shortest.min(time) };
        self.longest = self.longest.max(time);
        self.delays += 1;
    }

    fn told(self, passed: u64) -> Option<String> {
        if let Some(end) = self.end {
            return Some(match (end, passed) {
                (Ending::Reset, _) => "reset".to_owned(),
                (Ending::Cut, 0) => "closed".to_owned(),
                (Ending::Cut, _) => format!("cut after {}", words::bytes(passed)),
            });
        }
        let mut told = Vec::new();
        match self.delays {
            0 => {}
            1 => told.push(words::time(self.longest)),
            times => told.push(format!(
                "{} to {}, {times} times",
                words::time(self.shortest),
                words::time(self.longest)
            )),
        }
        if self.sliced {
            told.push(format!("{} pieces", self.pieces));
        }
        if self.swallowed > 0 {
            told.push(format!("{} dropped", words::bytes(self.swallowed)));
        }
        if self.held {
            told.push("held".to_owned());
        }
        (!told.is_empty()).then(|| told.join(", "))
    }
}

/// Where what passes a fault goes: before the next one, or out.
pub(super) struct Next<'a> {
    pub(super) queue: &'a mut Queue,
    pub(super) last: Option<&'a mut Instant>,
    pub(super) room: usize,
}

impl<'a> Next<'a> {
    /// Before this stage, or out.
    pub(super) fn of(stage: Option<&'a mut Stage>, out: &'a mut Queue) -> Self {
        match stage {
            Some(stage) => {
                let room = stage.room();
                Self { queue: &mut stage.queue, last: Some(&mut stage.last), room }
            }
            None => Self { queue: out, last: None, room: ROOM },
        }
    }

    fn push(&mut self, piece: Piece, now: Instant, passed: &mut u64) {
        let piece = match piece {
            Piece::Bytes(bytes, _) => {
                *passed += bytes.len() as u64;
                Piece::Bytes(bytes, now)
            }
            Piece::End(_) => Piece::End(now),
            Piece::Close(_) => Piece::Close(now),
        };
        if let Some(last) = &mut self.last {
            **last = now;
        }
        self.queue.push(piece);
    }
}

/// The earlier of two moments, where there are any.
pub(super) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

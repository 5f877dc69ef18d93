//! The faults of one direction of a connection, one behind the other: bytes in, bytes out, in their order.
//!
//! Faults come and go while bytes wait before them; those of a fault that goes wait before the next one from then on,
//! so none is lost and none overtakes another. Deliberately absent: sockets and clocks.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use navyd_model::exchange::{Hit, Side};

use super::{
    condition::ROOM,
    dice::Dice,
    laid::Placed,
    queue::{Piece, Queue},
    stage::{Ending, Next, Stage, earlier},
};

/// One direction.
pub(crate) struct Chain {
    from: Side,
    stages: Vec<Stage>,
    /// What waits to be written.
    out: Queue,
    /// Whether a fault has cut it: nothing more comes in.
    cut: bool,
    /// What faults that are gone have done.
    past: Vec<Hit>,
}

/// What became of a turn.
#[derive(Default)]
pub(super) struct Turn {
    /// When to look again.
    pub(super) until: Option<Instant>,
    /// Whether the connection is to be reset.
    pub(super) reset: bool,
    /// Faults that did something for the first time, and what they chose.
    pub(super) struck: Vec<(Arc<Placed>, String)>,
}

/// How many faults that are gone are remembered for one connection.
const PAST: usize = 64;

impl Chain {
    /// Bytes from this side, with no fault before them.
    pub(super) fn new(from: Side) -> Self {
        Self { from, stages: Vec::new(), out: Queue::default(), cut: false, past: Vec::new() }
    }

    /// Whether more bytes may come in.
    pub(crate) fn has_room(&self) -> bool {
        !self.cut
            && match self.stages.first() {
                Some(stage) => stage.queue.has_room(stage.room()),
                None => self.out.has_room(ROOM),
            }
    }

    /// Takes bytes that came.
    pub(crate) fn take(&mut self, bytes: Bytes, now: Instant) {
        self.push(Piece::Bytes(bytes, now), now);
    }

    /// The sender says no more.
    pub(crate) fn end(&mut self, now: Instant) {
        self.push(Piece::End(now), now);
    }

    /// The sender has left in the middle of something.
    pub(crate) fn close(&mut self, now: Instant) {
        self.push(Piece::Close(now), now);
    }

    /// Takes bytes that had passed all faults already.
    pub(crate) fn take_passed(&mut self, bytes: Bytes, now: Instant) {
        self.out.push(Piece::Bytes(bytes, now));
    }

    /// What is to be written first.
    pub(crate) fn first(&self) -> Option<&Piece> {
        self.out.first()
    }

    /// So many bytes of that were written; an end is taken as a whole.
    pub(crate) fn written(&mut self, count: usize) {
        let _ = self.out.take(count);
    }

    /// Whether a fault has cut it.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether no fault is left, and nothing waits.
    pub(crate) fn is_clear(&self) -> bool {
        self.stages.is_empty() && self.out.is_empty() && !self.cut
    }

    /// Whether nothing is on its way, nothing is missing, and no fault has anything in mind until more comes.
    pub(super) fn rests(&self) -> bool {
        self.out.is_empty() && !self.cut && self.stages.iter().all(Stage::rests)
    }

    /// Whether a fault lies on it that may hold back what comes.
    pub(super) fn is_hit(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Moves what may move now.
    pub(super) fn turn(&mut self, now: Instant) -> Turn {
        let mut turn = Turn::default();
        loop {
            let mut moved = false;
            turn.until = None;
            for at in 0..self.stages.len() {
                let (before, behind) = self.stages.split_at_mut(at + 1);
                let Some(stage) = before.last_mut() else { break };
                let step = stage.step(now, &mut Next::of(behind.first_mut(), &mut self.out));
                moved |= step.moved;
                turn.until = earlier(turn.until, step.until);
                if let Some(chosen) = step.chosen {
                    turn.struck.push((Arc::clone(&stage.placed), chosen));
                }
                match step.end {
                    None => {}
                    Some(Ending::Reset) => {
                        turn.reset = true;
                        return turn;
                    }
                    Some(Ending::Cut) => {
                        self.cut_at(at, now);
                        moved = true;
                        break;
                    }
                }
            }
            if !moved {
                return turn;
            }
        }
    }

    /// From now on these faults lie on it. Those that were there before go on with what they have; what is taken away
    /// lets its bytes go on, or closes the connection where it has swallowed some.
    pub(super) fn change(&mut self, placed: &[Arc<Placed>], now: Instant, dice: impl Fn(&Placed) -> Dice) {
        let mut old: Vec<Option<Stage>> = std::mem::take(&mut self.stages).into_iter().map(Some).collect();
        let same = |stage: &Option<Stage>, placed: &Arc<Placed>| {
            stage.as_ref().is_some_and(|stage| {
                let (was, is) = (&stage.placed.fault, &placed.fault);
                was.name == is.name && was.kind == is.kind
            })
        };
        // Where each fault stood before. Only those that stand in the same order keep what waits before them.
        let mut least = 0;
        let mut kept = Vec::with_capacity(placed.len());
        for placed in placed {
            let at = old.iter().position(|stage| same(stage, placed));
            kept.push(at.filter(|at| *at >= least));
            least = at.map_or(least, |at| least.max(at + 1));
        }
        let mut cut = None;
        // From the one that was nearest to the end, so that what waits stays in its order.
        for at in (0..old.len()).rev() {
            if kept.contains(&Some(at)) {
                continue;
            }
            let Some(mut gone) = old[at].take() else { continue };
            if self.past.len() < PAST {
                self.past.extend(gone.hit(self.from));
            }
            if gone.spoils() {
                cut = Some(at);
            }
            let behind = old[at + 1..].iter_mut().flatten().next();
            match behind {
                Some(stage) => stage.queue.append(&mut gone.queue),
                None => self.out.append(&mut gone.queue),
            }
        }
        if let Some(at) = cut {
            // What came before it cannot go on: everything in front of it is void.
            for stage in old[..at].iter_mut().flatten() {
                stage.queue.clear();
            }
            let behind = old[at + 1..].iter_mut().flatten().next();
            behind.map_or(&mut self.out, |stage| &mut stage.queue).push(Piece::Close(now));
            self.cut = true;
        }
        for (placed, kept) in placed.iter().zip(kept) {
            let stage = match kept.and_then(|at| old[at].take()) {
                Some(mut stage) => {
                    stage.change(placed, self.from);
                    Some(stage)
                }
                None => {
                    let way = placed.condition.way(self.from);
                    way.map(|way| Stage::new(Arc::clone(placed), way, dice(placed), now))
                }
            };
            self.stages.extend(stage);
        }
    }

    /// What the faults have done since this was asked last.
    pub(super) fn hits(&mut self) -> Vec<Hit> {
        let mut hits = std::mem::take(&mut self.past);
        hits.extend(self.stages.iter_mut().filter_map(|stage| stage.hit(self.from)));
        hits
    }

    fn push(&mut self, piece: Piece, now: Instant) {
        if self.cut {
            return;
        }
        match self.stages.first_mut() {
            Some(stage) => {
                stage.last = now;
                stage.queue.push(piece);
            }
            None => self.out.push(piece),
        }
    }

    /// The fault at this place closes the connection behind what has passed it.
    fn cut_at(&mut self, at: usize, now: Instant) {
        let mut rest = self.stages.split_off(at);
        let mut gone: Vec<_> = std::mem::take(&mut self.stages);
        gone.push(rest.remove(0));
        self.past.extend(gone.iter_mut().filter_map(|stage| stage.hit(self.from)));
        self.stages = rest;
        self.cut = true;
        let next = self.stages.first_mut();
        next.map_or(&mut self.out, |stage| &mut stage.queue).push(Piece::Close(now));
    }
}

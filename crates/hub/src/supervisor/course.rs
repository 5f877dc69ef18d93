//! The course of one service: what happens to it, and what is to be done then.
//!
//! Pure: an event and the time go in, a new state and actions come out. Deliberately absent: processes, timers and
//! whatever a service depends on, which are its keeper's.

use std::time::{Duration, Instant};

use navyd_model::{
    Ended, Phase,
    config::{HEALTHY_AFTER, Late, Restart},
};

use super::pause::pause;

/// What a service does, and what it has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Course {
    state: State,
    rules: Rules,
    /// Starts in a row after which it was not ready for long enough.
    failures: u32,
}

/// What its definition says of its course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) restart: Restart,
    /// How often in a row it is started without getting healthy; at least once.
    pub(super) starts: u32,
    /// How long it may take to be ready, and what it means that it took longer.
    pub(super) ready_within: Duration,
    pub(super) late: Late,
    pub(super) stop_within: Duration,
    /// Parts the pauses of one service from those of another.
    pub(super) seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Ended, or never started, because that was wanted.
    Stopped,
    /// Ended although that was not wanted, and stays so.
    Failed,
    /// Wants to start, and waits for others.
    Waiting,
    /// Runs, and is not ready.
    Starting,
    /// Runs and is ready.
    Ready { since: Instant },
    /// Was told to end.
    Ending(Then),
    /// Ended, and waits until it may start again.
    Resting,
}

/// What comes after the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Stop,
    StartAgain,
    /// Whatever follows when it ended by itself; whether it was ready for long enough before.
    AsEnded {
        ended: Option<Ended>,
        healthy: bool,
    },
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// It should run.
    Wanted,
    /// Everything that it depends on is as it has to be.
    Fulfilled,
    /// Its command could not be started.
    Unstartable,
    /// It does what it is there for.
    Ready,
    /// Its first process ended; whether others of its tree still run.
    Exited { ended: Ended, left: bool },
    /// Nothing of its tree runs any more.
    Gone,
    /// The alarm rang.
    Due,
    /// It should not run.
    Stop,
    /// It should end and run again.
    Restart,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Start its command.
    Spawn,
    /// Ask its tree to end.
    Terminate,
    /// End its tree.
    Kill,
    /// Ring then, instead of at any earlier alarm's time.
    Alarm(Instant),
    /// No alarm is needed any more.
    Quiet,
}

/// After SIGKILL the kernel needs its time; whoever was born meanwhile is killed as well.
const KILL_AGAIN: Duration = Duration::from_millis(200);

impl Course {
    /// One that does not run.
    pub(super) fn new(rules: Rules) -> Self {
        Self { state: State::Stopped, rules, failures: 0 }
    }

    /// Other rules from now on.
    pub(super) fn follow(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// The same in the words of the model.
    pub(super) fn phase(&self) -> Phase {
        match self.state {
            State::Stopped => Phase::Stopped,
            State::Failed => Phase::Failed,
            State::Waiting => Phase::Waiting,
            State::Starting => Phase::Starting,
            State::Ready { .. } => Phase::Ready,
            State::Ending(Then::Stop) => Phase::Stopping,
            State::Ending(Then::StartAgain | Then::AsEnded { .. }) | State::Resting => Phase::Restarting,
        }
    }

    /// How often it was started again since it was last ready for long enough.
    pub(super) fn restarts(&self) -> u32 {
        self.failures
    }

    /// Whether it waits for what it depends on.
    pub(super) fn waits(&self) -> bool {
        self.state == State::Waiting
    }

    /// Whether it runs and is not ready.
    pub(super) fn starts(&self) -> bool {
        self.state == State::Starting
    }

    /// Takes one event.
    pub(super) fn on(&mut self, event: Event, now: Instant) -> Vec<Action> {
        use Action::{Alarm, Kill, Quiet, Spawn};
        match (self.state, event) {
            (State::Stopped | State::Failed | State::Resting, Event::Wanted | Event::Restart) => {
                self.failures = 0;
                self.state = State::Waiting;
                vec![Quiet]
            }
            (State::Failed | State::Waiting | State::Resting, Event::Stop) => {
                self.state = State::Stopped;
                vec![Quiet]
            }
            (State::Waiting, Event::Fulfilled) => {
                self.state = State::Starting;
                vec![Alarm(now + self.rules.ready_within), Spawn]
            }
            (State::Starting, Event::Unstartable) => self.ended(None, false, now),
            (State::Starting, Event::Due) if self.rules.late == Late::Ready => self.ready(now),
            (State::Starting, Event::Ready) => self.ready(now),
            (State::Starting, Event::Due) => self.end(Then::AsEnded { ended: None, healthy: false }, now),
            // A first process that leaves well and leaves others behind has put itself into the background.
            (
                State::Starting | State::Ready { .. },
                Event::Exited { ended: Ended::Status(0), left: true },
            ) => Vec::new(),
            (State::Starting | State::Ready { .. }, Event::Exited { ended, left: true }) => {
                let healthy = self.is_healthy(now);
                self.end(Then::AsEnded { ended: Some(ended), healthy }, now)
            }
            (State::Starting | State::Ready { .. }, Event::Exited { ended, left: false }) => {
                self.ended(Some(ended), self.is_healthy(now), now)
            }
            (State::Starting | State::Ready { .. }, Event::Gone) => {
                self.ended(None, self.is_healthy(now), now)
            }
            (State::Starting | State::Ready { .. }, Event::Stop) => self.end(Then::Stop, now),
            (State::Starting | State::Ready { .. }, Event::Restart) => self.end(Then::StartAgain, now),
            (State::Ending(_), Event::Stop) => {
                self.state = State::Ending(Then::Stop);
                Vec::new()
            }
            (State::Ending(_), Event::Wanted | Event::Restart) => {
                self.state = State::Ending(Then::StartAgain);
                Vec::new()
            }
            (State::Ending(_), Event::Due) => vec![Kill, Alarm(now + KILL_AGAIN)],
            (State::Ending(then), Event::Gone | Event::Exited { left: false, .. }) => self.settle(then, now),
            (State::Resting, Event::Due) => {
                self.state = State::Waiting;
                vec![Quiet]
            }
            // What is left means nothing where it happens: a late alarm, a second wish.
            _ => Vec::new(),
        }
    }

    fn is_healthy(&self, now: Instant) -> bool {
        matches!(self.state, State::Ready { since } if now.saturating_duration_since(since) >= HEALTHY_AFTER)
    }

    fn ready(&mut self, now: Instant) -> Vec<Action> {
        self.state = State::Ready { since: now };
        vec![Action::Quiet]
    }

    /// Begins the end of what runs.
    fn end(&mut self, then: Then, now: Instant) -> Vec<Action> {
        self.state = State::Ending(then);
        vec![Action::Terminate, Action::Alarm(now + self.rules.stop_within)]
    }

    fn settle(&mut self, then: Then, now: Instant) -> Vec<Action> {
        match then {
            Then::Stop => self.state = State::Stopped,
            Then::StartAgain => {
                self.failures = 0;
                self.state = State::Waiting;
            }
            Then::AsEnded { ended, healthy } => return self.ended(ended, healthy, now),
        }
        vec![Action::Quiet]
    }

    /// Nothing of it runs any more, and nobody asked for that.
    fn ended(&mut self, ended: Option<Ended>, healthy: bool, now: Instant) -> Vec<Action> {
        let well = ended == Some(Ended::Status(0));
        let again = self.rules.restart.applies(well);
        if healthy {
            self.failures = 0;
        }
        if !again || self.failures + 1 >= self.rules.starts {
            self.state = if well { State::Stopped } else { State::Failed };
            return vec![Action::Quiet];
        }
        let until = now + pause(self.failures, self.rules.seed);
        self.failures += 1;
        self.state = State::Resting;
        vec![Action::Alarm(until)]
    }
}

#[cfg(test)]
mod tests;

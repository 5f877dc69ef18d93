//! What holds for every session of a server, and what a test can lay on them.

use std::cell::Cell;

use super::auth::Login;
use crate::mail::limits;

/// How a server behaves.
#[derive(Debug)]
pub struct Rules {
    /// The longest message, in bytes.
    pub largest: usize,
    /// Who may send; anyone where it is `None`.
    pub login: Option<Login>,
    /// Whether STARTTLS is offered.
    pub starttls: bool,
    /// What fails on purpose.
    pub chaos: Cell<Chaos>,
    /// How many bytes of messages may still come in, all sessions together.
    pub arriving: Cell<u64>,
    /// A number from 0 to below 1.
    pub dice: fn() -> f64,
}

/// Failures on purpose, as Mailpit's chaos has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chaos {
    /// Of MAIL.
    pub sender: Trigger,
    /// Of RCPT.
    pub recipient: Trigger,
    /// Of AUTH.
    pub authentication: Trigger,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trigger {
    /// What is replied, from 400 to 599.
    pub code: u16,
    /// In how many of 100 cases.
    pub percent: u8,
}

impl Default for Trigger {
    fn default() -> Self {
        Self { code: 451, percent: 0 }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            largest: limits::MESSAGE,
            login: None,
            starttls: false,
            chaos: Cell::default(),
            arriving: Cell::new(limits::ARRIVING),
            dice: || 1.0,
        }
    }
}

impl Rules {
    /// The code that this trigger wants now, if it does.
    pub(super) fn struck(&self, trigger: Trigger) -> Option<u16> {
        (trigger.percent > 0 && (self.dice)() * 100.0 < f64::from(trigger.percent)).then_some(trigger.code)
    }
}

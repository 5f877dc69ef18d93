//! What a breakpoint is, what it holds, and what can become of that.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use navyd_h1::Asked;
use navyd_model::{exchange::Side, filter::FilterError};

use super::{
    amend::{Original, Wrong},
    board::MOST,
};

/// A breakpoint that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which exchanges are held, in the filter language.
    pub filter: String,
    /// Whether their answers are held as well.
    pub response: bool,
    /// After this time what is held goes on as it was.
    pub timeout: Duration,
}

/// A breakpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakpoint {
    /// Its number, which no other one of this gateway ever has.
    pub id: u64,
    /// As it was wanted.
    pub wanted: Wanted,
}

/// A message that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its number, which no other one of this gateway ever has.
    pub id: u64,
    /// The breakpoint that holds it.
    pub breakpoint: u64,
    /// Who sent it.
    pub from: Side,
    /// Where its route begins.
    pub route: Arc<str>,
    /// The first line of the request.
    pub request: String,
    /// Its head as it was sent, with the empty line at its end.
    pub head: Vec<u8>,
    /// The payload of its body, where all of it is held.
    pub body: Option<Vec<u8>>,
    /// What its answer has to be read with.
    pub asked: Asked,
    /// Since when it is held.
    pub since: Timestamp,
    /// When it goes on by itself.
    pub until: Timestamp,
}

/// Something that happened to what a breakpoint holds.
#[derive(Debug, Clone)]
pub enum Notice {
    /// This is held now.
    Held(Arc<Held>),
    /// This is held no more.
    Over {
        /// Its number.
        id: u64,
        /// What became of it, as a person reads it.
        how: String,
    },
    /// A message was meant and passed, because [`super::MOST_HELD`] are held.
    Passed,
}

/// What is to become of a held message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    /// It goes on, with another head or body where they are given.
    On {
        /// Its head, in lines.
        head: Option<String>,
        /// Its body.
        body: Option<Vec<u8>>,
    },
    /// The client is answered with this status, from 200 to 599.
    Answer(u16),
    /// The client is cut off.
    Abort,
}

/// Why a breakpoint is not set, or a message not released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There are too many.
    #[error("there are {MOST} breakpoints already")]
    TooMany,
    /// It is no filter.
    #[error("{error}")]
    Filter {
        /// What was written.
        written: String,
        /// What is wrong with it, and where.
        error: FilterError,
    },
    /// Its filter asks for what is not known in time.
    #[error("the filter asks for more than the head of a {0} tells")]
    Later(&'static str),
    /// It would hold nothing, or for ever.
    #[error("what is held is held for a time of 1 ms to 1 day")]
    Timeout,
    /// There is no such breakpoint, or nothing of this number is held any more.
    #[error("nothing with the number {0} is held")]
    Gone(u64),
    /// It cannot be sent so.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// No answer has this status.
    #[error("`{0}` is no status of an answer: it is from 200 to 599")]
    Status(u16),
}

impl Held {
    pub(crate) fn original(&self) -> Original<'_> {
        Original { from: self.from, head: &self.head, asked: self.asked, body: self.body.as_deref() }
    }
}

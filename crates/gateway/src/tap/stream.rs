//! One direction of a stream of bytes, under observation or not.

use std::{io, rc::Rc};

use navyd_model::exchange::{Outcome, Side};

use super::{Flow, Mark, Watch};
use crate::net::{Extent, Ledger, Parted};

/// Everything until the end of the stream.
pub(crate) struct Streaming(Option<Watch>);

impl Streaming {
    /// What the client sends, and what the server does.
    pub(crate) fn both(flow: Option<&Rc<Flow>>) -> (Self, Self) {
        let way = |from| Self(flow.map(|flow| Watch::new(flow, from, Mark::Stream)));
        (way(Side::Client), way(Side::Server))
    }
}

impl Extent for Streaming {
    fn admit(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn pass(&mut self, count: u64) {
        if let Some(watch) = &self.0 {
            watch.lose(count);
        }
    }

    fn left(&self) -> Ledger {
        Ledger::Endless
    }

    fn unwatched(&self) -> u64 {
        // What cannot be told now need not be copied either.
        if self.0.as_ref().is_none_or(Watch::is_behind) { u64::MAX } else { 0 }
    }

    fn saw(&mut self, bytes: &[u8]) {
        if let Some(watch) = &self.0 {
            watch.bytes(bytes);
        }
    }
}

/// How a flow ends whose client was `one` of these sides. A gateway that ends cuts only what is silent.
pub(crate) fn outcome(parted: Parted) -> Outcome {
    match parted {
        Parted::Both | Parted::Told | Parted::Turned => Outcome::Complete,
        Parted::One => Outcome::ClientLeft,
        Parted::Other => Outcome::ServerLeft,
        Parted::Closed | Parted::Reset => Outcome::Fault,
    }
}

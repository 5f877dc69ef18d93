//! What a fault does, as the engine asks for it: verdicts from bytes and times that it is told.

use std::time::{Duration, Instant};

use bytes::Bytes;
use navyd_model::{exchange::Side, fault::Direction};

use super::dice::Dice;

/// A fault whose attributes were understood. It is shared by all connections that it hits.
pub(crate) trait Condition: Send + Sync {
    /// What it is to do, as a person reads it: `200 ms ± 50 ms`.
    fn asked(&self) -> String;

    /// What it does to a connection before there is one to the upstream.
    fn opening(&self) -> Opening {
        Opening::default()
    }

    /// What it does in one direction of a connection; `None` when that is nothing.
    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        None
    }

    /// What it does to datagrams in one direction; `None` when that is nothing.
    fn post(&self, _from: Side) -> Option<Box<dyn Post>> {
        None
    }

    /// What it does to an exchange of HTTP beyond its bytes: adds that to the plan. Whether that is anything.
    fn exchange(&self, _plan: &mut Plan) -> bool {
        false
    }

    /// The directions that it hits, where it does not matter which were asked for.
    fn direction(&self, asked: Direction) -> Direction {
        asked
    }
}

/// What becomes of an exchange of HTTP, beyond its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The directions that the fault hits which is asked.
    pub(crate) direction: Direction,
    /// The status and text of an answer in the place of the upstream's.
    pub(crate) answer: Option<(u16, String)>,
    /// What is changed in the head of the request, one after the other.
    pub(crate) request: Vec<Edit>,
    /// What is changed in that of the response.
    pub(crate) response: Vec<Edit>,
    /// The body of the response instead of its own.
    pub(crate) body: Option<String>,
}

/// A header that is set, or taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Its name, a token.
    pub(crate) name: String,
    /// Its value, without line ends; `None` to take it away.
    pub(crate) value: Option<String>,
}

/// What becomes of a connection before the upstream is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Opening {
    /// How long it waits.
    pub(crate) delay: Duration,
    /// What is done then.
    pub(crate) then: Then,
}

/// What is done instead of connecting, from the mildest to the harshest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Then {
    /// Nothing: it connects.
    #[default]
    Connect,
    /// The client is accepted, and nobody is asked.
    Silence,
    /// The client is turned away.
    Refuse,
}

/// One direction of one connection, as a fault sees it.
pub(crate) trait Way {
    /// What becomes of what came first and is still there.
    fn judge(&mut self, seen: &Seen, dice: &mut Dice) -> Verdict;

    /// The bytes that came first, each time before they are judged.
    fn see(&mut self, _bytes: &[u8]) {}

    /// What it has chosen for what came first, where that is chance: `213.4 ms`.
    fn chosen(&self) -> Option<String> {
        None
    }

    /// How many bytes may wait here.
    fn room(&self) -> usize {
        ROOM
    }

    /// Whether bytes ever pass. One that lets none is asked also while there is no room behind it.
    fn lets_pass(&self) -> bool {
        true
    }

    /// Whether a connection cannot go on once this is taken away, because what it has swallowed is missing.
    fn spoils(&self) -> bool {
        false
    }
}

/// How many bytes wait before a fault that does not keep many at once.
pub(crate) const ROOM: usize = 64 * 1024;

/// How many bytes wait before one that does: 4 MiB are a gigabit in a second for 32 ms, or 160 Mbit/s for 200 ms.
pub(crate) const LARGE_ROOM: usize = 4 * 1024 * 1024;

/// What is known when a verdict is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// The time.
    pub(crate) now: Instant,
    /// What came first and is still there.
    pub(crate) front: Front,
    /// How many bytes have passed this fault on this connection.
    pub(crate) passed: u64,
    /// Since when the fault has hit this connection.
    pub(crate) since: Instant,
    /// When something came last; the same when nothing has.
    pub(crate) last: Instant,
}

/// What came first and is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// Nothing.
    Nothing,
    /// So many bytes.
    Bytes(usize, Instant),
    /// The end of the stream.
    End(Instant),
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// So many of the bytes go on now; of an end, and of nothing, the number does not matter.
    Forward(usize),
    /// Nothing goes on until then; `None` until the fault changes.
    Hold(Option<Instant>),
    /// The bytes are gone.
    Swallow,
    /// What has passed arrives, and then the connection ends, in both directions.
    Cut,
    /// The connection ends at once, with a reset on both sides.
    Reset,
}

/// Datagrams of one client in one direction, as a fault sees them.
pub(crate) trait Post {
    /// Puts what becomes of a datagram that it hits to `out`: nothing when it is lost.
    fn pass(&mut self, parcel: Parcel, dice: &mut Dice, out: &mut Vec<Parcel>);

    /// What it chose for the last one, where that is chance.
    fn chosen(&self) -> Option<String> {
        None
    }
}

/// A datagram, and when it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// Its bytes.
    pub(crate) bytes: Bytes,
    /// When it goes on.
    pub(crate) due: Instant,
}

/// What a verdict means for all that has come: everything goes on.
pub(crate) fn onward(front: Front) -> Verdict {
    match front {
        Front::Bytes(count, _) => Verdict::Forward(count),
        Front::Nothing | Front::End(_) => Verdict::Forward(0),
    }
}

/// Until then, or onward.
pub(crate) fn onward_at(due: Instant, seen: &Seen) -> Verdict {
    if seen.now >= due { onward(seen.front) } else { Verdict::Hold(Some(due)) }
}

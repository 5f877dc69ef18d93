//! Faults: how a route is made as slow, lossy or broken as the real world. A file for each, and [`FAULTS`].
//!
//! A leaf is its name, its fields and what it decides: given what waits, when it came and what time it is, whether it
//! goes on, waits, or ends the connection. `chain` puts the leaves of one direction one behind the other, `passage`
//! both directions of a connection, `mail` datagrams; `net` and `udp` obey. Chance comes from `dice`, which a seed repeats. Deliberately absent
//! here: sockets, clocks and tasks.

mod abort;
mod bandwidth;
mod black_hole;
mod body;
mod chain;
mod condition;
mod corrupt;
mod dice;
mod dribble;
mod duplicate;
#[cfg(test)]
mod fixture;
mod header;
mod laid;
mod latency;
mod leaf;
mod limit_data;
mod log;
mod loss;
mod mail;
mod passage;
pub mod profile;
mod queue;
mod refuse;
mod reorder;
mod reset;
mod schedule;
mod slicer;
mod slow_close;
mod slow_open;
mod stage;
mod status;
mod timeout;
pub mod typed;
mod words;

pub(crate) use chain::Chain;
pub(crate) use condition::{Edit, LARGE_ROOM, Plan, Then};
pub(crate) use laid::{Laid, is_of_head};
pub use laid::{Reason, Refused, check};
pub use leaf::{Field, Kind, Layer, Leaf, Unit, Wrong};
pub use log::Decision;
pub(crate) use log::Record;
pub(crate) use mail::Mail;
pub(crate) use passage::Passage;
pub(crate) use queue::Piece;
pub use schedule::{Schedule, Unclear};

/// Every kind of fault: those of streams, of datagrams, of exchanges.
pub const FAULTS: &[Leaf] = &[
    latency::LEAF,
    bandwidth::LEAF,
    slow_open::LEAF,
    refuse::LEAF,
    black_hole::LEAF,
    slow_close::LEAF,
    timeout::LEAF,
    reset::LEAF,
    slicer::LEAF,
    limit_data::LEAF,
    loss::LEAF,
    duplicate::LEAF,
    reorder::LEAF,
    corrupt::LEAF,
    status::LEAF,
    abort::LEAF,
    header::LEAF,
    body::LEAF,
    dribble::LEAF,
];

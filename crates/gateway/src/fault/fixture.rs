//! What the tests of faults have in common.

use std::time::Instant;

use bytes::Bytes;
use navyd_model::{
    exchange::Side,
    fault::{Direction, Fault},
};
use serde_json::Value;

use super::{
    condition::{Condition, Parcel, Way},
    dice::{Cast, Dice},
    laid::read,
};

/// One direction of a connection.
pub(super) struct Bench {
    pub(super) way: Box<dyn Way>,
    pub(super) start: Instant,
    pub(super) dice: Dice,
}

/// A fault as it is wanted.
pub(super) fn wanted(kind: &str, attributes: Value, direction: Direction) -> Fault {
    Fault {
        name: String::new(),
        route: "127.0.0.1:1".to_owned(),
        kind: kind.to_owned(),
        attributes: serde_json::from_value(attributes).unwrap(),
        direction,
        toxicity: 1.0,
        filter: None,
        schedule: None,
    }
}

/// What a kind makes of these attributes.
pub(super) fn compiled(kind: &str, attributes: Value) -> Box<dyn Condition> {
    read(&wanted(kind, attributes, Direction::Down)).unwrap().1
}

/// What it does in one direction.
pub(super) fn bench(kind: &str, attributes: Value) -> Bench {
    Bench { way: compiled(kind, attributes).way(Side::Server).unwrap(), start: Instant::now(), dice: dice() }
}

/// Dice that always roll the same.
pub(super) fn dice() -> Dice {
    Dice::new(Cast { seed: 1, route: "", connection: 0, fault: "", part: 0 })
}

/// What becomes of datagrams, in the order in which they go on.
pub(super) fn carried(condition: &dyn Condition, datagrams: &[&'static str]) -> Vec<Vec<u8>> {
    let (mut post, mut dice, due, mut out) =
        (condition.post(Side::Server).unwrap(), dice(), Instant::now(), Vec::new());
    for datagram in datagrams {
        post.pass(Parcel { bytes: Bytes::from_static(datagram.as_bytes()), due }, &mut dice, &mut out);
    }
    out.into_iter().map(|parcel| parcel.bytes.to_vec()).collect()
}

//! Reorder: datagrams are held back, and those behind them overtake.

use std::time::Duration;

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Parcel, Post},
    dice::Dice,
    leaf::{DAY, Field, Kind, Layer, Leaf, Unit},
    words::time,
};

pub(super) const LEAF: Leaf = Leaf {
    name: "reorder",
    help: "datagrams are overtaken by those behind them",
    layer: Layer::Datagram,
    fields: &[Field {
        name: "delay",
        help: "how long a datagram is held back",
        unit: Unit::Milliseconds,
        kind: Kind::Number { least: 0.0, most: DAY, default: Some(10.0), whole: false },
    }],
    compile: |values| Ok(Box::new(Reorder(values.time("delay")))),
};

#[derive(Clone, Copy)]
struct Reorder(Duration);

impl Condition for Reorder {
    fn asked(&self) -> String {
        format!("held back {}", time(self.0))
    }

    fn post(&self, _from: Side) -> Option<Box<dyn Post>> {
        Some(Box::new(*self))
    }
}

impl Post for Reorder {
    fn pass(&mut self, mut parcel: Parcel, _dice: &mut Dice, out: &mut Vec<Parcel>) {
        parcel.due += self.0;
        out.push(parcel);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;
    use serde_json::json;

    use super::{
        super::fixture::{compiled, dice},
        *,
    };

    #[test]
    fn what_it_hits_comes_later() {
        let (start, mut out) = (Instant::now(), Vec::new());
        let parcel = Parcel { bytes: Bytes::from_static(b"a"), due: start };
        compiled("reorder", json!({})).post(Side::Server).unwrap().pass(parcel, &mut dice(), &mut out);
        assert_eq!(out[0].due - start, Duration::from_millis(10));
    }
}

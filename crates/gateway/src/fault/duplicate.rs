//! Duplicate: datagrams arrive more than once.

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Parcel, Post},
    dice::Dice,
    leaf::{Field, Kind, Layer, Leaf, Unit},
};

pub(super) const LEAF: Leaf = Leaf {
    name: "duplicate",
    help: "datagrams arrive more than once",
    layer: Layer::Datagram,
    fields: &[Field {
        name: "copies",
        help: "how often a datagram arrives in all",
        unit: Unit::None,
        kind: Kind::Number { least: 2.0, most: 16.0, default: Some(2.0), whole: true },
    }],
    compile: |values| Ok(Box::new(Duplicate(values.whole("copies")))),
};

#[derive(Clone, Copy)]
struct Duplicate(u64);

impl Condition for Duplicate {
    fn asked(&self) -> String {
        format!("{} times", self.0)
    }

    fn post(&self, _from: Side) -> Option<Box<dyn Post>> {
        Some(Box::new(*self))
    }
}

impl Post for Duplicate {
    fn pass(&mut self, parcel: Parcel, _dice: &mut Dice, out: &mut Vec<Parcel>) {
        out.extend((0..self.0).map(|_| parcel.clone()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::{carried, compiled};

    #[test]
    fn what_it_hits_arrives_so_often() {
        assert_eq!(carried(&*compiled("duplicate", json!({})), &["a", "b"]), [b"a", b"a", b"b", b"b"]);
        assert_eq!(carried(&*compiled("duplicate", json!({"copies": 3})), &["a"]), [b"a", b"a", b"a"]);
    }
}

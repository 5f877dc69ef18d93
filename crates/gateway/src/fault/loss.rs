//! Loss: datagrams do not arrive. How many is the fault's share.

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Parcel, Post},
    dice::Dice,
    leaf::{Layer, Leaf},
};

pub(super) const LEAF: Leaf = Leaf {
    name: "loss",
    help: "datagrams are lost",
    layer: Layer::Datagram,
    fields: &[],
    compile: |_| Ok(Box::new(Loss)),
};

struct Loss;

impl Condition for Loss {
    fn asked(&self) -> String {
        "lost".to_owned()
    }

    fn post(&self, _from: Side) -> Option<Box<dyn Post>> {
        Some(Box::new(Loss))
    }
}

impl Post for Loss {
    fn pass(&mut self, _parcel: Parcel, _dice: &mut Dice, _out: &mut Vec<Parcel>) {}
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::{carried, compiled};

    #[test]
    fn what_it_hits_does_not_arrive() {
        assert!(carried(&*compiled("loss", json!({})), &["a", "b"]).is_empty());
    }
}

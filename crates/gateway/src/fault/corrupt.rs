//! Corrupt: one bit of a datagram is turned over.
//!
//! Its checksum is made anew, as it is when memory fails and not a wire: a program has to notice for itself.

use bytes::Bytes;

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Parcel, Post},
    dice::Dice,
    leaf::{Layer, Leaf},
};

pub(super) const LEAF: Leaf = Leaf {
    name: "corrupt",
    help: "one bit of a datagram is turned over",
    layer: Layer::Datagram,
    fields: &[],
    compile: |_| Ok(Box::new(Corrupt)),
};

struct Corrupt;

impl Condition for Corrupt {
    fn asked(&self) -> String {
        "one bit".to_owned()
    }

    fn post(&self, _from: Side) -> Option<Box<dyn Post>> {
        Some(Box::new(Corrupt))
    }
}

impl Post for Corrupt {
    fn pass(&mut self, mut parcel: Parcel, dice: &mut Dice, out: &mut Vec<Parcel>) {
        if !parcel.bytes.is_empty() {
            let bit = dice.below(parcel.bytes.len() as u64 * 8);
            let mut bytes = parcel.bytes.to_vec();
            // Below the length, by which it was rolled.
            if let Some(byte) = bytes.get_mut((bit / 8) as usize) {
                *byte ^= 1 << (bit % 8);
            }
            parcel.bytes = Bytes::from(bytes);
        }
        out.push(parcel);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::{carried, compiled};

    #[test]
    fn one_bit_differs() {
        let text = "a datagram of some length";
        let found = carried(&*compiled("corrupt", json!({})), &[text, ""]);
        let pairs = text.bytes().zip(&found[0]);
        assert_eq!(pairs.map(|(one, other)| (one ^ other).count_ones()).sum::<u32>(), 1);
        assert_eq!(found[1], b"");
    }
}

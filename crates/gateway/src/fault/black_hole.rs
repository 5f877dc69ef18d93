//! Black hole: the connection is accepted, and then there is silence.

use navyd_model::{exchange::Side, fault::Direction};

use super::{
    condition::{Condition, Front, Opening, Seen, Then, Verdict, Way},
    dice::Dice,
    leaf::{Layer, Leaf},
};

pub(super) const LEAF: Leaf = Leaf {
    name: "black_hole",
    help: "connections are accepted, and nothing is ever said",
    layer: Layer::Stream,
    fields: &[],
    compile: |_| Ok(Box::new(BlackHole)),
};

struct BlackHole;

impl Condition for BlackHole {
    fn asked(&self) -> String {
        "silence".to_owned()
    }

    fn opening(&self) -> Opening {
        Opening { then: Then::Silence, ..Opening::default() }
    }

    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(Silent))
    }

    fn direction(&self, _asked: Direction) -> Direction {
        Direction::Both
    }
}

struct Silent;

impl Way for Silent {
    fn judge(&mut self, seen: &Seen, _dice: &mut Dice) -> Verdict {
        match seen.front {
            Front::Bytes(..) => Verdict::Swallow,
            Front::Nothing | Front::End(_) => Verdict::Hold(None),
        }
    }

    fn lets_pass(&self) -> bool {
        false
    }

    fn spoils(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::fixture::{Bench, bench},
        *,
    };

    #[test]
    fn everything_is_swallowed_and_nothing_ends() {
        let Bench { mut way, start, mut dice } = bench("black_hole", json!({}));
        for (front, expected) in [
            (Front::Nothing, Verdict::Hold(None)),
            (Front::Bytes(3, start), Verdict::Swallow),
            (Front::End(start), Verdict::Hold(None)),
        ] {
            let seen = Seen { now: start, front, passed: 0, since: start, last: start };
            assert_eq!(way.judge(&seen, &mut dice), expected);
        }
        assert!(way.spoils());
    }
}

//! Slow close: bytes pass as ever, and the end of the connection comes later.

use std::time::Duration;

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Front, Seen, Verdict, Way, onward, onward_at},
    dice::Dice,
    leaf::{Field, Layer, Leaf},
    words::time,
};

pub(super) const LEAF: Leaf = Leaf {
    name: "slow_close",
    help: "the end of a connection comes later than its last byte",
    layer: Layer::Stream,
    fields: &[Field::time("delay", "how much later")],
    compile: |values| Ok(Box::new(SlowClose(values.time("delay")))),
};

#[derive(Clone, Copy)]
struct SlowClose(Duration);

impl Condition for SlowClose {
    fn asked(&self) -> String {
        time(self.0)
    }

    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(*self))
    }
}

impl Way for SlowClose {
    fn judge(&mut self, seen: &Seen, _dice: &mut Dice) -> Verdict {
        match seen.front {
            Front::End(came) => onward_at(came + self.0, seen),
            Front::Nothing | Front::Bytes(..) => onward(seen.front),
        }
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
    fn only_the_end_waits() {
        let Bench { mut way, start, mut dice } = bench("slow_close", json!({"delay": 100}));
        let due = start + Duration::from_millis(100);
        for (now, front, expected) in [
            (start, Front::Bytes(3, start), Verdict::Forward(3)),
            (start, Front::End(start), Verdict::Hold(Some(due))),
            (due, Front::End(start), Verdict::Forward(0)),
        ] {
            let seen = Seen { now, front, passed: 0, since: start, last: start };
            assert_eq!(way.judge(&seen, &mut dice), expected);
        }
    }
}

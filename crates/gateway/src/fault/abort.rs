//! Abort: the response breaks off, and the client's connection is reset.

use navyd_model::{exchange::Side, fault::Direction};

use super::{
    condition::{Condition, Front, Seen, Verdict, Way},
    dice::Dice,
    leaf::{Field, Layer, Leaf},
    words::bytes,
};

pub(super) const LEAF: Leaf = Leaf {
    name: "abort",
    help: "the response breaks off",
    layer: Layer::Http,
    fields: &[Field::bytes("after", "how many of its bytes come before, with its head", 0.0, Some(0.0))],
    compile: |values| Ok(Box::new(Abort(values.whole("after")))),
};

#[derive(Clone, Copy)]
struct Abort(u64);

impl Condition for Abort {
    fn asked(&self) -> String {
        format!("after {}", bytes(self.0))
    }

    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(*self))
    }

    fn direction(&self, _asked: Direction) -> Direction {
        Direction::Down
    }
}

impl Way for Abort {
    fn judge(&mut self, seen: &Seen, _dice: &mut Dice) -> Verdict {
        let left = self.0.saturating_sub(seen.passed);
        match seen.front {
            Front::Nothing => Verdict::Hold(None),
            Front::Bytes(length, _) if left > 0 => {
                Verdict::Forward(length.min(usize::try_from(left).unwrap_or(usize::MAX)))
            }
            // What is shorter than that has not been cut yet.
            Front::Bytes(..) | Front::End(_) => Verdict::Cut,
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
    fn so_much_of_the_response_comes() {
        for (after, passed, bytes, expected) in [
            (0, 0, None, Verdict::Hold(None)),
            (0, 0, Some(5), Verdict::Cut),
            (10, 0, Some(5), Verdict::Forward(5)),
            (10, 5, Some(9), Verdict::Forward(5)),
            (10, 10, Some(4), Verdict::Cut),
        ] {
            let Bench { mut way, start, mut dice } = bench("abort", json!({"after": after}));
            let front = bytes.map_or(Front::Nothing, |count| Front::Bytes(count, start));
            let seen = Seen { now: start, front, passed, since: start, last: start };
            assert_eq!(way.judge(&seen, &mut dice), expected, "{after} {passed}");
        }
    }
}

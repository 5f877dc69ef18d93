//! Limit data: the connection closes once so many bytes have passed.

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Front, Seen, Verdict, Way},
    dice::Dice,
    leaf::{Field, Layer, Leaf},
    words::bytes,
};

pub(super) const LEAF: Leaf = Leaf {
    name: "limit_data",
    help: "the connection closes once so many bytes have passed",
    layer: Layer::Stream,
    fields: &[Field::bytes("bytes", "how many; with 0 the first one closes it", 0.0, Some(0.0))],
    compile: |values| Ok(Box::new(LimitData(values.whole("bytes")))),
};

#[derive(Clone, Copy)]
struct LimitData(u64);

impl Condition for LimitData {
    fn asked(&self) -> String {
        bytes(self.0)
    }

    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(*self))
    }
}

impl Way for LimitData {
    fn judge(&mut self, seen: &Seen, _dice: &mut Dice) -> Verdict {
        let left = self.0.saturating_sub(seen.passed);
        match seen.front {
            Front::Bytes(length, _) if left > 0 => {
                Verdict::Forward(length.min(usize::try_from(left).unwrap_or(usize::MAX)))
            }
            Front::Bytes(..) => Verdict::Cut,
            // The last byte that is allowed is the end.
            _ if left == 0 && seen.passed > 0 => Verdict::Cut,
            Front::Nothing => Verdict::Hold(None),
            Front::End(_) => Verdict::Forward(0),
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
    fn so_many_bytes_pass_and_no_more() {
        for (limit, passed, bytes, expected) in [
            (100, 0, Some(60), Verdict::Forward(60)),
            (100, 60, Some(60), Verdict::Forward(40)),
            (100, 100, Some(20), Verdict::Cut),
            (100, 100, None, Verdict::Cut),
            (100, 99, None, Verdict::Hold(None)),
            // The limit was lowered meanwhile.
            (50, 99, Some(1), Verdict::Cut),
            (0, 0, None, Verdict::Hold(None)),
            (0, 0, Some(1), Verdict::Cut),
        ] {
            let Bench { mut way, start, mut dice } = bench("limit_data", json!({"bytes": limit}));
            let front = bytes.map_or(Front::Nothing, |count| Front::Bytes(count, start));
            let seen = Seen { now: start, front, passed, since: start, last: start };
            assert_eq!(way.judge(&seen, &mut dice), expected, "{limit} {passed} {bytes:?}");
        }
    }
}

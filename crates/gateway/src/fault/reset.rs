//! Reset: the connection ends with a reset, on both sides, whatever is on its way.

use std::time::Duration;

use navyd_model::{exchange::Side, fault::Direction};

use super::{
    condition::{Condition, Front, Seen, Verdict, Way},
    dice::Dice,
    leaf::{Field, Layer, Leaf},
    words::time,
};

pub(super) const LEAF: Leaf = Leaf {
    name: "reset",
    help: "the connection is reset on both sides",
    layer: Layer::Stream,
    fields: &[
        Field::time("timeout", "how long until then"),
        Field::flag("spoken", "whether that begins with the first byte, and not with the connection"),
    ],
    compile: |values| Ok(Box::new(Reset { after: values.time("timeout"), spoken: values.flag("spoken") })),
};

#[derive(Clone, Copy)]
struct Reset {
    after: Duration,
    spoken: bool,
}

impl Condition for Reset {
    fn asked(&self) -> String {
        match (self.after.is_zero(), self.spoken) {
            (true, false) => "at once".to_owned(),
            (true, true) => "at the first byte".to_owned(),
            (false, false) => format!("after {}", time(self.after)),
            (false, true) => format!("{} after the first byte", time(self.after)),
        }
    }

    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(*self))
    }

    fn direction(&self, asked: Direction) -> Direction {
        // Without a first byte to wait for, both ends share one clock.
        if self.spoken { asked } else { Direction::Both }
    }
}

impl Way for Reset {
    fn judge(&mut self, seen: &Seen, _dice: &mut Dice) -> Verdict {
        let from = match seen.front {
            _ if !self.spoken => seen.since,
            Front::Bytes(_, came) => came,
            Front::Nothing => return Verdict::Hold(None),
            Front::End(_) => return Verdict::Forward(0),
        };
        let due = from + self.after;
        if seen.now >= due { Verdict::Reset } else { Verdict::Hold(Some(due)) }
    }

    fn lets_pass(&self) -> bool {
        false
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
    fn the_clock_starts_with_the_connection_or_with_its_first_byte() {
        let Bench { start, mut dice, .. } = bench("reset", json!({}));
        let ms = |count| start + Duration::from_millis(count);
        for (timeout, spoken, now, front, expected) in [
            (0, false, 0, Front::Nothing, Verdict::Reset),
            (100, false, 0, Front::Nothing, Verdict::Hold(Some(ms(100)))),
            (100, false, 99, Front::Bytes(1, ms(50)), Verdict::Hold(Some(ms(100)))),
            (100, false, 100, Front::End(ms(50)), Verdict::Reset),
            (0, true, 500, Front::Nothing, Verdict::Hold(None)),
            (0, true, 500, Front::End(ms(500)), Verdict::Forward(0)),
            (0, true, 500, Front::Bytes(1, ms(500)), Verdict::Reset),
            (100, true, 500, Front::Bytes(1, ms(500)), Verdict::Hold(Some(ms(600)))),
        ] {
            let attributes = json!({"timeout": timeout, "spoken": spoken});
            let mut way = bench("reset", attributes).way;
            let seen = Seen { now: ms(now), front, passed: 0, since: start, last: start };
            assert_eq!(way.judge(&seen, &mut dice), expected, "{timeout} {spoken} {now}");
        }
    }
}

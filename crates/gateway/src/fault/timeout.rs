//! Timeout: bytes are dropped, and the connection closes once nothing has come for a while.
//!
//! A connection that this was taken from closes, since what was dropped is missing in it.

use std::time::Duration;

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Front, Seen, Verdict, Way},
    dice::Dice,
    leaf::{Field, Layer, Leaf},
    words::time,
};

pub(super) const LEAF: Leaf = Leaf {
    name: "timeout",
    help: "bytes are dropped, and the connection closes after a while",
    layer: Layer::Stream,
    fields: &[Field::time("timeout", "how long after the last byte it closes; 0 for never")],
    compile: |values| Ok(Box::new(Timeout(values.time("timeout")))),
};

#[derive(Clone, Copy)]
struct Timeout(Duration);

impl Condition for Timeout {
    fn asked(&self) -> String {
        if self.0.is_zero() { "never closed".to_owned() } else { format!("closed after {}", time(self.0)) }
    }

    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(*self))
    }
}

impl Way for Timeout {
    fn judge(&mut self, seen: &Seen, _dice: &mut Dice) -> Verdict {
        let due = seen.last + self.0;
        match seen.front {
            Front::Bytes(..) => Verdict::Swallow,
            _ if self.0.is_zero() => Verdict::Hold(None),
            _ if seen.now >= due => Verdict::Cut,
            _ => Verdict::Hold(Some(due)),
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
    fn silence_closes_what_was_dropped() {
        for (timeout, now, bytes, expected) in [
            (0, 5_000, false, Verdict::Hold(None)),
            (100, 0, true, Verdict::Swallow),
            (100, 150, true, Verdict::Swallow),
            (100, 100, false, Verdict::Cut),
        ] {
            let Bench { mut way, start, mut dice } = bench("timeout", json!({"timeout": timeout}));
            let front = if bytes { Front::Bytes(1, start) } else { Front::Nothing };
            let now = start + Duration::from_millis(now);
            let seen = Seen { now, front, passed: 0, since: start, last: start };
            assert_eq!(way.judge(&seen, &mut dice), expected, "{timeout} {now:?}");
        }
    }

    #[test]
    fn each_byte_begins_the_wait_anew() {
        let Bench { mut way, start, mut dice } = bench("timeout", json!({"timeout": 100}));
        let last = start + Duration::from_millis(60);
        let seen = Seen { now: last, front: Front::End(last), passed: 0, since: start, last };
        assert_eq!(way.judge(&seen, &mut dice), Verdict::Hold(Some(last + Duration::from_millis(100))));
    }
}

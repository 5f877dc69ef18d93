//! Dribble: the body of a response comes in small pieces, with a pause before each. Its head comes at once.

use std::time::{Duration, Instant};

use navyd_model::{exchange::Side, fault::Direction};

use super::{
    condition::{Condition, Front, Seen, Verdict, Way, onward},
    dice::Dice,
    leaf::{Field, Kind, Layer, Leaf, Unit},
    words::{bytes, time},
};

pub(super) const LEAF: Leaf = Leaf {
    name: "dribble",
    help: "the body of the response comes in small pieces",
    layer: Layer::Http,
    fields: &[
        Field::bytes("size", "how large a piece is", 1.0, Some(1.0)),
        Field {
            name: "delay",
            help: "how long the pause before each piece is",
            unit: Unit::Milliseconds,
            kind: Kind::Number { least: 0.0, most: super::leaf::DAY, default: Some(100.0), whole: false },
        },
    ],
    compile: |values| Ok(Box::new(Dribble { size: values.whole("size"), delay: values.time("delay") })),
};

/// What ends a head.
const END: &[u8] = b"\r\n\r\n";

#[derive(Clone, Copy)]
struct Dribble {
    size: u64,
    delay: Duration,
}

impl Condition for Dribble {
    fn asked(&self) -> String {
        format!("{} every {}", bytes(self.size), time(self.delay))
    }

    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(Dribbling { dribble: *self, place: Place::Head(Vec::new()), found: None }))
    }

    fn direction(&self, _asked: Direction) -> Direction {
        Direction::Down
    }
}

/// A response.
struct Dribbling {
    dribble: Dribble,
    place: Place,
    /// How many of the first bytes are the rest of the head; `None` when its end is not among them.
    found: Option<usize>,
}

enum Place {
    /// In the first head; its last bytes that went on.
    Head(Vec<u8>),
    /// Behind it, and when the next piece comes.
    Body(Option<Instant>),
}

impl Way for Dribbling {
    fn see(&mut self, bytes: &[u8]) {
        let Place::Head(last) = &mut self.place else { return };
        let before = last.len();
        let both = [last.as_slice(), bytes].concat();
        self.found = both.windows(END.len()).position(|part| part == END).map(|at| at + END.len() - before);
        *last = both[both.len().saturating_sub(END.len() - 1)..].to_vec();
    }

    fn judge(&mut self, seen: &Seen, _dice: &mut Dice) -> Verdict {
        let Front::Bytes(length, came) = seen.front else { return onward(seen.front) };
        let Dribble { size, delay } = self.dribble;
        match (&self.place, self.found) {
            (Place::Head(_), None) => Verdict::Forward(length),
            (Place::Head(_), Some(rest)) => {
                self.place = Place::Body(None);
                Verdict::Forward(rest)
            }
            (Place::Body(due), _) => {
                let due = due.unwrap_or(came + delay);
                if seen.now < due {
                    self.place = Place::Body(Some(due));
                    return Verdict::Hold(Some(due));
                }
                self.place = Place::Body(Some(seen.now + delay));
                Verdict::Forward(length.min(usize::try_from(size).unwrap_or(usize::MAX)))
            }
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
    fn the_head_comes_at_once_and_the_body_in_pieces() {
        for pieces in
            [&["head\r\n\r\nbody"][..], &["head\r", "\n\r", "\nbody"], &["head\r\n\r\n", "bo", "dy"]]
        {
            let Bench { mut way, start, mut dice } = bench("dribble", json!({"size": 3, "delay": 10}));
            let (mut now, mut found) = (start, Vec::new());
            for piece in pieces {
                let mut left = *piece;
                while !left.is_empty() {
                    way.see(left.as_bytes());
                    let front = Front::Bytes(left.len(), now);
                    let seen = Seen { now, front, passed: 0, since: start, last: start };
                    match way.judge(&seen, &mut dice) {
                        Verdict::Forward(count) => {
                            let (gone, rest) = left.split_at(count);
                            found.push((gone, (now - start).as_millis()));
                            left = rest;
                        }
                        Verdict::Hold(Some(until)) => now = until,
                        other => panic!("{other:?}"),
                    }
                }
            }
            let head: String = found.iter().filter(|(_, at)| *at == 0).map(|(bytes, _)| *bytes).collect();
            let body: String = found.iter().filter(|(_, at)| *at > 0).map(|(bytes, _)| *bytes).collect();
            assert_eq!((head.as_str(), body.as_str()), ("head\r\n\r\n", "body"), "{pieces:?}");
            assert_eq!(found.last().unwrap().1, 20, "{found:?}");
        }
    }
}

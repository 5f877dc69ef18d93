//! Slicer: bytes arrive in small pieces, with pauses between them.

use std::time::{Duration, Instant};

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Front, Seen, Verdict, Way, onward},
    dice::Dice,
    leaf::{Field, Kind, Layer, Leaf, Unit, Wrong},
    words::{bytes, time},
};

pub(super) const LEAF: Leaf = Leaf {
    name: "slicer",
    help: "bytes arrive in small pieces",
    layer: Layer::Stream,
    fields: &[
        Field::bytes("average_size", "how large a piece is, on average", 1.0, Some(64.0)),
        Field::bytes("size_variation", "how far its size strays; less than the average", 0.0, Some(0.0)),
        Field {
            name: "delay",
            help: "how long the pause between two pieces is",
            unit: Unit::Microseconds,
            kind: Kind::Number {
                least: 0.0,
                most: super::leaf::DAY * 1000.0,
                default: Some(0.0),
                whole: false,
            },
        },
    ],
    compile: |values| {
        let (average, variation) = (values.whole("average_size"), values.whole("size_variation"));
        if variation >= average {
            return Err(Wrong::Value {
                field: "size_variation",
                expected: format!("less than `average_size`, which is {average}"),
                given: variation.to_string(),
            });
        }
        Ok(Box::new(Slicer { average, variation, delay: values.time("delay") }))
    },
};

#[derive(Clone, Copy)]
struct Slicer {
    average: u64,
    variation: u64,
    delay: Duration,
}

impl Condition for Slicer {
    fn asked(&self) -> String {
        let stray = if self.variation > 0 { format!(" ± {}", self.variation) } else { String::new() };
        let pause =
            if self.delay.is_zero() { String::new() } else { format!(", {} apart", time(self.delay)) };
        format!("{}{stray}{pause}", bytes(self.average))
    }

    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(Slicing { slicer: *self, size: None, after: None }))
    }
}

/// One direction of a connection.
struct Slicing {
    slicer: Slicer,
    /// The size of the piece that comes next.
    size: Option<usize>,
    /// When it may come.
    after: Option<Instant>,
}

impl Way for Slicing {
    fn judge(&mut self, seen: &Seen, dice: &mut Dice) -> Verdict {
        let Front::Bytes(length, _) = seen.front else { return onward(seen.front) };
        let Slicer { average, variation, delay } = self.slicer;
        let size = *self.size.get_or_insert_with(|| {
            let size = average - variation + dice.below(2 * variation + 1);
            usize::try_from(size).unwrap_or(usize::MAX)
        });
        if let Some(after) = self.after.filter(|after| seen.now < *after) {
            return Verdict::Hold(Some(after));
        }
        self.size = None;
        self.after = (!delay.is_zero()).then(|| seen.now + delay);
        Verdict::Forward(size.min(length))
    }

    fn chosen(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{
            fixture::{Bench, bench, wanted},
            laid::read,
        },
        *,
    };

    fn slices(attributes: serde_json::Value, mut length: usize) -> (Vec<usize>, Duration) {
        let Bench { mut way, start, mut dice } = bench("slicer", attributes);
        let (mut now, mut found) = (start, Vec::new());
        while length > 0 {
            let seen = Seen { now, front: Front::Bytes(length, start), passed: 0, since: start, last: start };
            match way.judge(&seen, &mut dice) {
                Verdict::Forward(count) => {
                    length -= count;
                    found.push(count);
                }
                Verdict::Hold(Some(until)) => now = until,
                other => panic!("{other:?}"),
            }
        }
        (found, now - start)
    }

    #[test]
    fn pieces_are_as_large_and_as_far_apart_as_was_asked() {
        assert_eq!(slices(json!({"average_size": 4}), 10), (vec![4, 4, 2], Duration::ZERO));
        let (even, took) = slices(json!({"average_size": 5, "delay": 1500}), 20);
        assert_eq!((even, took), (vec![5; 4], Duration::from_micros(4500)));
        let (sizes, _) = slices(json!({"average_size": 10, "size_variation": 3}), 10_000);
        let whole = &sizes[..sizes.len() - 1];
        assert!(whole.iter().all(|size| (7..=13).contains(size)), "{sizes:?}");
        assert!([7, 13].iter().all(|edge| whole.contains(edge)));
    }

    #[test]
    fn sizes_that_could_be_nothing_are_refused() {
        for (attributes, field) in [
            (json!({"average_size": 0}), "average_size"),
            (json!({"average_size": 4, "size_variation": 4}), "size_variation"),
        ] {
            let refused = read(&wanted("slicer", attributes, Default::default()));
            assert!(matches!(refused, Err(Wrong::Value { field: found, .. }) if found == field));
        }
    }
}

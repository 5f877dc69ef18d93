//! Latency: what is sent arrives later, in its order.
//!
//! The delay counts from when bytes came, so that as many of them are on the way as there would be on a long line:
//! bandwidth is preserved. Each piece has a delay of its own, and none overtakes another; datagrams do.

use std::time::{Duration, Instant};

use rand_distr::{Distribution as _, Normal, Pareto};

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Front, LARGE_ROOM, Parcel, Post, Seen, Verdict, Way, onward_at},
    dice::Dice,
    leaf::{Field, Kind, Layer, Leaf, Unit},
    words::time,
};

pub(super) const LEAF: Leaf = Leaf {
    name: "latency",
    help: "what is sent arrives later, in its order",
    layer: Layer::Both,
    fields: &[
        Field::time("latency", "the delay, on average"),
        Field::time(
            "jitter",
            "how far it strays: at most for `uniform`, the standard deviation for the others",
        ),
        Field {
            name: "distribution",
            help: "how it strays: `pareto` has rare delays that are much longer",
            unit: Unit::None,
            kind: Kind::Choice(&["uniform", "normal", "pareto"]),
        },
    ],
    compile: |values| {
        let (latency, jitter) = (values.time("latency"), values.time("jitter"));
        let spread = match values.word("distribution") {
            "normal" => Spread::Normal,
            "pareto" => Spread::Pareto,
            _ => Spread::Uniform,
        };
        Ok(Box::new(Latency { latency, jitter, spread }))
    },
};

/// The shape of the Pareto distribution: the smallest whole one that has a standard deviation.
const SHAPE: f64 = 3.0;

#[derive(Debug, Clone, Copy)]
struct Latency {
    latency: Duration,
    jitter: Duration,
    spread: Spread,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spread {
    Uniform,
    Normal,
    Pareto,
}

impl Latency {
    /// A delay; what would be before its cause is none.
    fn delay(&self, dice: &mut Dice) -> Duration {
        if self.jitter.is_zero() {
            return self.latency;
        }
        let (mean, jitter) = (self.latency.as_secs_f64(), self.jitter.as_secs_f64());
        let seconds = match self.spread {
            Spread::Uniform => mean + jitter * (2.0 * dice.share() - 1.0),
            Spread::Normal => Normal::new(mean, jitter).map_or(mean, |normal| normal.sample(dice.source())),
            Spread::Pareto => {
                // Moved and stretched so that mean and standard deviation are those that were asked for.
                let average = SHAPE / (SHAPE - 1.0);
                let deviation = (SHAPE / (SHAPE - 2.0)).sqrt() / (SHAPE - 1.0);
                Pareto::new(1.0, SHAPE).map_or(mean, |pareto| {
                    mean + jitter * (pareto.sample(dice.source()) - average) / deviation
                })
            }
        };
        // The tail of a distribution has no end; the longest time that a field takes is one.
        Duration::from_secs_f64(seconds.clamp(0.0, super::leaf::DAY / 1000.0))
    }
}

impl Condition for Latency {
    fn asked(&self) -> String {
        match (self.jitter.is_zero(), self.spread) {
            (true, _) => time(self.latency),
            (false, Spread::Uniform) => format!("{} ± {}", time(self.latency), time(self.jitter)),
            (false, Spread::Normal) => format!("{} ± {}, normal", time(self.latency), time(self.jitter)),
            (false, Spread::Pareto) => format!("{} ± {}, pareto", time(self.latency), time(self.jitter)),
        }
    }

    fn way(&self, _from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(Late { latency: *self, front: None }))
    }

    fn post(&self, _from: Side) -> Option<Box<dyn Post>> {
        Some(Box::new(Late { latency: *self, front: None }))
    }
}

/// One direction of a connection, or of the datagrams of a client.
struct Late {
    latency: Latency,
    /// When what came last was first in its turn, and its delay.
    front: Option<(Instant, Duration)>,
}

impl Way for Late {
    fn judge(&mut self, seen: &Seen, dice: &mut Dice) -> Verdict {
        let came = match seen.front {
            Front::Nothing => return Verdict::Hold(None),
            Front::Bytes(_, came) | Front::End(came) => came,
        };
        // Pieces that came together travel together.
        let delay = match self.front {
            Some((at, delay)) if at == came => delay,
            _ => self.latency.delay(dice),
        };
        self.front = Some((came, delay));
        onward_at(came + delay, seen)
    }

    fn chosen(&self) -> Option<String> {
        self.front.map(|(_, delay)| time(delay))
    }

    fn room(&self) -> usize {
        LARGE_ROOM
    }
}

impl Post for Late {
    fn pass(&mut self, mut parcel: Parcel, dice: &mut Dice, out: &mut Vec<Parcel>) {
        let delay = self.latency.delay(dice);
        self.front = Some((parcel.due, delay));
        parcel.due += delay;
        out.push(parcel);
    }

    fn chosen(&self) -> Option<String> {
        Way::chosen(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::fixture::{Bench, bench, compiled, dice},
        *,
    };

    fn latency(latency: u64, jitter: u64, spread: Spread) -> Latency {
        Latency { latency: Duration::from_millis(latency), jitter: Duration::from_millis(jitter), spread }
    }

    #[test]
    fn each_piece_waits_from_when_it_came() {
        let Bench { mut way, start, mut dice } = bench("latency", json!({"latency": 200}));
        let ms = |count| start + Duration::from_millis(count);
        for (now, front, expected) in [
            (0, Front::Nothing, Verdict::Hold(None)),
            (0, Front::Bytes(10, ms(0)), Verdict::Hold(Some(ms(200)))),
            (200, Front::Bytes(10, ms(0)), Verdict::Forward(10)),
            // The second came while the first waited, so it has waited already.
            (200, Front::Bytes(5, ms(150)), Verdict::Hold(Some(ms(350)))),
            (400, Front::Bytes(5, ms(150)), Verdict::Forward(5)),
            (400, Front::End(ms(300)), Verdict::Hold(Some(ms(500)))),
            (500, Front::End(ms(300)), Verdict::Forward(0)),
        ] {
            let seen = Seen { now: ms(now), front, passed: 0, since: start, last: start };
            assert_eq!(way.judge(&seen, &mut dice), expected, "{front:?} at {now}");
        }
    }

    #[test]
    fn delays_have_the_mean_and_the_spread_that_were_asked_for() {
        const COUNT: usize = 20_000;
        for (spread, deviation) in [
            // A uniform distribution of half-width w has w / √3.
            (Spread::Uniform, 50.0 / 3f64.sqrt()),
            (Spread::Normal, 50.0),
            (Spread::Pareto, 50.0),
        ] {
            let (latency, mut dice) = (latency(500, 50, spread), dice());
            let delays: Vec<_> =
                (0..COUNT).map(|_| latency.delay(&mut dice).as_secs_f64() * 1000.0).collect();
            let mean = delays.iter().sum::<f64>() / COUNT as f64;
            let variance = delays.iter().map(|delay| (delay - mean).powi(2)).sum::<f64>() / COUNT as f64;
            assert!((mean - 500.0).abs() < 2.0, "{spread:?}: {mean}");
            // The fourth moment of this Pareto distribution is infinite, so its variance settles slowly.
            assert!((variance.sqrt() / deviation - 1.0).abs() < 0.2, "{spread:?}: {}", variance.sqrt());
        }
    }

    #[test]
    fn no_delay_is_before_its_cause() {
        let mut dice = dice();
        for spread in [Spread::Uniform, Spread::Normal, Spread::Pareto] {
            let latency = latency(1, 100, spread);
            assert!((0..1000).any(|_| latency.delay(&mut dice).is_zero()), "{spread:?}");
        }
    }

    #[test]
    fn what_was_asked_is_told() {
        for (attributes, expected) in [
            (json!({"latency": 200}), "200 ms"),
            (json!({"latency": 200, "jitter": 50}), "200 ms ± 50 ms"),
            (json!({"latency": 1500, "jitter": 0.5, "distribution": "pareto"}), "1500 ms ± 0.5 ms, pareto"),
        ] {
            assert_eq!(compiled("latency", attributes).asked(), expected);
        }
    }
}

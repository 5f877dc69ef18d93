//! The faults of one client of datagrams: what becomes of each of them, and when.
//!
//! Whether a datagram is hit is rolled for each of them. Where several faults hit one, they do so one after the other.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use navyd_model::{
    exchange::{Hit, Side},
    fault::Direction,
};

use super::{
    condition::{Parcel, Post},
    dice::{Cast, Dice},
    laid::{Laid, Placed},
    leaf::Layer,
    log::{Decision, Record},
    words,
};

/// One client, in both directions.
pub(crate) struct Mail {
    record: Arc<Record>,
    seed: u64,
    number: u64,
    laid: Option<Arc<Laid>>,
    up: Line,
    down: Line,
}

/// One direction.
#[derive(Default)]
struct Line {
    posts: Vec<Office>,
    /// How many datagrams there were.
    seen: u64,
    /// What faults that are gone have done.
    past: Vec<Hit>,
}

/// One fault in one direction.
struct Office {
    placed: Arc<Placed>,
    post: Box<dyn Post>,
    dice: Dice,
    /// How many datagrams it has seen, and how many of them it has hit, since this was told last.
    seen: u64,
    hit: u64,
}

impl Mail {
    /// The client of this number.
    pub(crate) fn new(record: &Arc<Record>, number: u64) -> Self {
        let (up, down) = (Line::default(), Line::default());
        Self { record: Arc::clone(record), seed: record.seed(), number, laid: None, up, down }
    }

    /// From now on these faults lie on its route.
    pub(crate) fn follow(&mut self, laid: &Arc<Laid>) {
        if self.laid.as_ref().is_some_and(|known| Arc::ptr_eq(known, laid)) {
            return;
        }
        self.laid = Some(Arc::clone(laid));
        let (seed, connection) = (self.seed, self.number);
        for (line, way, from) in
            [(&mut self.up, Direction::Up, Side::Client), (&mut self.down, Direction::Down, Side::Server)]
        {
            let mut old = std::mem::take(&mut line.posts);
            let hits = |placed: &&Arc<Placed>| {
                matches!(placed.layer, Layer::Datagram | Layer::Both) && placed.hits(way)
            };
            for placed in laid.all.iter().filter(hits) {
                // One that has not changed goes on with its dice where it was.
                let kept = old.iter().position(|office| Arc::ptr_eq(&office.placed, placed));
                let office = kept.map(|at| old.remove(at)).or_else(|| {
                    let post = placed.condition.post(from)?;
                    let (route, fault, part) = (&*placed.route, &*placed.name, way as u8);
                    let dice = Dice::new(Cast { seed, route, connection, fault, part });
                    Some(Office { placed: Arc::clone(placed), post, dice, seen: 0, hit: 0 })
                });
                line.posts.extend(office);
            }
            line.past.extend(old.iter_mut().filter_map(|office| office.told(from)));
        }
    }

    /// What becomes of a datagram that came from this side now.
    pub(crate) fn pass(&mut self, from: Side, bytes: Bytes, now: Instant) -> Vec<Parcel> {
        let line = if from == Side::Client { &mut self.up } else { &mut self.down };
        let number = line.seen;
        line.seen += 1;
        let mut parcels = vec![Parcel { bytes, due: now }];
        for office in &mut line.posts {
            if !office.placed.is_on(now).0 {
                continue;
            }
            let mut out = Vec::with_capacity(parcels.len());
            for parcel in parcels {
                let Some(chosen) = office.pass(parcel, &mut out) else { continue };
                self.record.add(Decision {
                    route: Arc::clone(&office.placed.route),
                    connection: self.number,
                    fault: Arc::clone(&office.placed.name),
                    kind: office.placed.kind,
                    from: Some(from),
                    datagram: Some(number),
                    chosen,
                });
            }
            parcels = out;
        }
        parcels
    }

    /// What the faults have done since this was asked last.
    pub(crate) fn hits(&mut self) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (line, from) in [(&mut self.up, Side::Client), (&mut self.down, Side::Server)] {
            hits.append(&mut line.past);
            hits.extend(line.posts.iter_mut().filter_map(|office| office.told(from)));
        }
        hits
    }
}

impl Office {
    /// Puts what becomes of a datagram to `out`; what was chosen, when it was hit.
    fn pass(&mut self, parcel: Parcel, out: &mut Vec<Parcel>) -> Option<String> {
        self.seen += 1;
        if self.dice.share() >= self.placed.fault.toxicity {
            out.push(parcel);
            return None;
        }
        self.hit += 1;
        let before = out.len();
        self.post.pass(parcel, &mut self.dice, out);
        Some(match out.len() - before {
            0 => "lost".to_owned(),
            _ => self.post.chosen().unwrap_or_else(|| self.placed.condition.asked()),
        })
    }

    fn told(&mut self, from: Side) -> Option<Hit> {
        let (hit, seen) = (std::mem::take(&mut self.hit), std::mem::take(&mut self.seen));
        (hit > 0).then(|| Hit {
            fault: self.placed.fault.name.clone(),
            kind: self.placed.fault.kind.clone(),
            from: Some(from),
            asked: self.placed.condition.asked(),
            delivered: words::of(hit, seen),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use navyd_model::{Scheme, fault::Fault};
    use serde_json::json;

    use super::{super::fixture::wanted, *};

    fn mail(faults: &[Fault], now: Instant) -> (Mail, Arc<Laid>) {
        let laid = Arc::new(Laid::new(faults, Scheme::Udp, None, now).unwrap());
        let mut mail = Mail::new(&Arc::new(Record::new(5)), 0);
        mail.follow(&laid);
        (mail, laid)
    }

    #[test]
    fn each_datagram_is_rolled_for_and_faults_follow_each_other() {
        const COUNT: u64 = 2000;
        let now = Instant::now();
        let loss = Fault { toxicity: 0.3, ..wanted("loss", json!({}), Direction::Up) };
        let twice = wanted("duplicate", json!({}), Direction::Both);
        let late = wanted("latency", json!({"latency": 10}), Direction::Up);
        let (mut mail, _) = mail(&[loss, twice, late], now);
        let passed: Vec<_> =
            (0..COUNT).flat_map(|_| mail.pass(Side::Client, Bytes::from_static(b"a"), now)).collect();
        // 99.9 %: 600 ± 3.29 √(2000 · 0.3 · 0.7).
        let lost = COUNT - passed.len() as u64 / 2;
        assert!((533..=667).contains(&lost), "{lost}");
        assert!(passed.iter().all(|parcel| parcel.due == now + Duration::from_millis(10)));
        assert_eq!(mail.pass(Side::Server, Bytes::from_static(b"b"), now).len(), 2);
        let told: Vec<_> = mail.hits().into_iter().map(|hit| (hit.fault, hit.delivered)).collect();
        assert_eq!(told[0], ("loss_up".to_owned(), format!("{lost} of {COUNT} datagrams")));
        assert_eq!(told[3], ("duplicate_both".to_owned(), "1 of 1 datagrams".to_owned()));
        assert!(mail.hits().is_empty());
    }

    #[test]
    fn the_same_seed_chooses_the_same() {
        let now = Instant::now();
        let run = || {
            let jitter = json!({"latency": 50, "jitter": 50});
            let late = Fault { toxicity: 0.5, ..wanted("latency", jitter, Direction::Up) };
            let (mut mail, _) = mail(&[late], now);
            for _ in 0..50 {
                mail.pass(Side::Client, Bytes::from_static(b"a"), now);
            }
            mail.record.all()
        };
        let decisions = run();
        assert_eq!(decisions, run());
        assert!((10..40).contains(&decisions.len()), "{decisions:?}");
        assert!(decisions[0].chosen.ends_with(" ms") && decisions[0].datagram.is_some());
    }

    #[test]
    fn a_fault_that_changes_leaves_its_neighbours_alone() {
        let now = Instant::now();
        let loss = Fault { toxicity: 0.5, ..wanted("loss", json!({}), Direction::Up) };
        let late = |ms| wanted("latency", json!({"latency": ms}), Direction::Up);
        let run = |change: bool| {
            let (mut mail, laid) = mail(&[loss.clone(), late(1)], now);
            let changed = Laid::new(&[loss.clone(), late(2)], Scheme::Udp, Some(&laid), now);
            let changed = Arc::new(changed.unwrap());
            let mut arrives = Vec::new();
            for number in 0..40 {
                if change && number == 20 {
                    mail.follow(&changed);
                }
                arrives.push(mail.pass(Side::Client, Bytes::from_static(b"a"), now).len());
            }
            arrives
        };
        assert_eq!(run(true), run(false));
    }
}

//! What a toxic does, in the words of the gateway's faults.
//!
//! Everything that Toxiproxy takes is taken; what would make no sense here becomes the nearest that does. Deliberately
//! absent: how a fault does it.

use std::collections::BTreeMap;

use navyd_model::fault::{Direction, Fault};
use serde_json::{Value, json};

use super::toxic::{Stream, Toxic};

/// The longest time that a fault takes, in milliseconds: a day.
const DAY: i64 = 86_400_000;

/// The most bytes that a fault takes: every whole number up to here is exact in JSON.
const MOST_BYTES: i64 = 9_007_199_254_740_991;

/// Toxiproxy's kilobyte.
const KILOBYTE: i64 = 1_000;

/// The fault that a toxic is on the proxy of this name; `None` when it does nothing.
pub(super) fn fault(proxy: &str, toxic: &Toxic) -> Option<Fault> {
    let time = |field| toxic.number(field).clamp(0, DAY);
    let bytes = |number: i64| number.clamp(0, MOST_BYTES);
    let (kind, attributes) = match toxic.kind.name {
        "latency" => ("latency", json!({"latency": time("latency"), "jitter": time("jitter")})),
        // A rate below nothing lets nothing pass, as one of nothing does.
        "bandwidth" => ("bandwidth", json!({"rate": bytes(toxic.number("rate").saturating_mul(KILOBYTE))})),
        "slow_close" => ("slow_close", json!({"delay": time("delay")})),
        "timeout" => ("timeout", json!({"timeout": time("timeout")})),
        "reset_peer" => ("reset", json!({"timeout": time("timeout"), "spoken": true})),
        "limit_data" => ("limit_data", json!({"bytes": bytes(toxic.number("bytes"))})),
        "slicer" => {
            let average = bytes(toxic.number("average_size"));
            if average == 0 {
                // There is no piece of that size: bytes stay as they come.
                return None;
            }
            let variation = toxic.number("size_variation").clamp(0, average - 1);
            let delay = toxic.number("delay").clamp(0, DAY.saturating_mul(1_000));
            ("slicer", json!({"average_size": average, "size_variation": variation, "delay": delay}))
        }
        _ => return None,
    };
    let attributes: BTreeMap<String, Value> = match attributes {
        Value::Object(fields) => fields.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    Some(Fault {
        name: toxic.name.clone(),
        // By this name chance is rolled, so that a seed repeats whatever port the system chose.
        route: proxy.to_owned(),
        kind: kind.to_owned(),
        attributes,
        direction: match toxic.stream {
            Stream::Upstream => Direction::Up,
            Stream::Downstream => Direction::Down,
        },
        // Through its shortest text, because 0.2 is another number in 64 bits.
        toxicity: toxic.toxicity.to_string().parse::<f64>().unwrap_or(1.0).clamp(0.0, 1.0),
        filter: None,
        schedule: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_toxic_is_a_fault() {
        for (kind, attributes, expected) in [
            (
                "latency",
                json!({"latency": 5, "jitter": 2}),
                Some(("latency", json!({"latency": 5, "jitter": 2}))),
            ),
            ("latency", json!({"latency": -5}), Some(("latency", json!({"latency": 0, "jitter": 0})))),
            (
                "latency",
                json!({"latency": i64::MAX}),
                Some(("latency", json!({"latency": DAY, "jitter": 0}))),
            ),
            ("bandwidth", json!({"rate": 3}), Some(("bandwidth", json!({"rate": 3_000})))),
            ("bandwidth", json!({}), Some(("bandwidth", json!({"rate": 0})))),
            ("bandwidth", json!({"rate": -1}), Some(("bandwidth", json!({"rate": 0})))),
            ("bandwidth", json!({"rate": i64::MAX}), Some(("bandwidth", json!({"rate": MOST_BYTES})))),
            ("slow_close", json!({"delay": 9}), Some(("slow_close", json!({"delay": 9})))),
            ("timeout", json!({"timeout": 9}), Some(("timeout", json!({"timeout": 9})))),
            ("reset_peer", json!({"timeout": 9}), Some(("reset", json!({"timeout": 9, "spoken": true})))),
            ("limit_data", json!({"bytes": -9}), Some(("limit_data", json!({"bytes": 0})))),
            ("slicer", json!({}), None),
            ("slicer", json!({"average_size": -1, "size_variation": 5}), None),
            (
                "slicer",
                json!({"average_size": 4, "size_variation": 9, "delay": 10}),
                Some(("slicer", json!({"average_size": 4, "size_variation": 3, "delay": 10}))),
            ),
            ("noop", json!({}), None),
        ] {
            let body = json!({"type": kind, "attributes": attributes, "toxicity": 0.2}).to_string();
            let found = fault("p", &Toxic::read(body.as_bytes()).unwrap());
            let found = found.map(|fault| {
                assert_eq!(
                    (fault.toxicity, fault.direction, fault.route.as_str()),
                    (0.2, Direction::Down, "p")
                );
                (fault.kind, Value::Object(fault.attributes.into_iter().collect()))
            });
            assert_eq!(found, expected.map(|(kind, fields)| (kind.to_owned(), fields)), "{body}");
        }
    }

    #[test]
    fn shares_beyond_all_are_all() {
        for (toxicity, expected) in [(7.5, 1.0), (-1.0, 0.0), (0.3, 0.3)] {
            let body = json!({"type": "latency", "stream": "upstream", "toxicity": toxicity}).to_string();
            let fault = fault("p", &Toxic::read(body.as_bytes()).unwrap()).unwrap();
            assert_eq!((fault.toxicity, fault.direction), (expected, Direction::Up));
        }
    }
}

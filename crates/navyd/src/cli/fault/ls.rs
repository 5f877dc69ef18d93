//! Faults as rows.

use navyd_gateway::fault::{FAULTS, Field, Unit};
use navyd_model::fault::{Direction, Fault, Faults};
use serde_json::Value;

use crate::out::{Align, Column, Look, Table, Text, Tone, measure};

const COLUMNS: &[Column] = &[
    Column { header: "ROUTE", align: Align::Left, importance: 9, least: 14 },
    Column { header: "NAME", align: Align::Left, importance: 8, least: 10 },
    Column { header: "KIND", align: Align::Left, importance: 6, least: 8 },
    Column { header: "WHAT", align: Align::Left, importance: 7, least: 12 },
    Column { header: "WAY", align: Align::Left, importance: 4, least: 4 },
    Column { header: "HITS", align: Align::Right, importance: 5, least: 4 },
    Column { header: "WHEN", align: Align::Left, importance: 3, least: 8 },
    Column { header: "ONLY", align: Align::Left, importance: 2, least: 8 },
];

/// The faults in the order in which they apply.
pub(super) fn draw(faults: &Faults, look: &Look) -> String {
    let mut table = Table::new(COLUMNS);
    for fault in &faults.faults {
        let way = match fault.direction {
            Direction::Up => "up",
            Direction::Down => "down",
            Direction::Both => "both",
        };
        let share = Text::plain(format!("{}%", (fault.toxicity * 1000.0).round() / 10.0));
        table.push(vec![
            Text::plain(&fault.route),
            Text::of(Tone::Bold, &fault.name),
            Text::plain(&fault.kind),
            Text::plain(what(fault)),
            Text::plain(way),
            share.piped(fault.toxicity.to_string()),
            Text::plain(fault.schedule.as_deref().unwrap_or_default()),
            Text::plain(fault.filter.as_deref().unwrap_or_default()),
        ]);
    }
    table.draw(look)
}

/// `200.0 ms, jitter 50.0 ms`: the first field of a kind is what the kind is about, and needs no name.
fn what(fault: &Fault) -> String {
    let fields = FAULTS.iter().find(|leaf| leaf.name == fault.kind).map_or(&[][..], |leaf| leaf.fields);
    let known =
        fields.iter().filter_map(|field| Some((field.name, fault.attributes.get(field.name)?, Some(field))));
    let is_unknown = |name: &str| !fields.iter().any(|field| field.name == name);
    let unknown = fault.attributes.iter().filter(|(name, _)| is_unknown(name));
    let all = known.chain(unknown.map(|(name, value)| (name.as_str(), value, None)));
    let main = fields.first().map(|field| field.name);
    let part = |(name, value, field): (&str, &Value, Option<&Field>)| {
        let shown = shown(value, field.map_or(Unit::None, |field| field.unit));
        match value {
            Value::Bool(true) => name.to_owned(),
            _ if Some(name) == main => shown,
            _ => format!("{name} {shown}"),
        }
    };
    all.filter(|(_, value, _)| **value != Value::Bool(false)).map(part).collect::<Vec<_>>().join(", ")
}

fn shown(value: &Value, unit: Unit) -> String {
    match (value.as_f64(), unit) {
        (Some(number), Unit::Milliseconds) => measure::milliseconds(number),
        (Some(number), Unit::Microseconds) => measure::milliseconds(number / 1000.0),
        (Some(number), Unit::Bytes) => measure::bytes(number as u64),
        (Some(number), Unit::BytesPerSecond) => format!("{}/s", measure::bytes(number as u64)),
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(value: Value) -> Fault {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_row_says_what_a_fault_does() {
        let faults = Faults {
            seed: 7,
            faults: vec![
                fault(json!({"name": "slow", "route": "shop.localhost", "kind": "latency", "toxicity": 0.3,
                    "attributes": {"latency": 200, "jitter": 50, "distribution": "normal"}})),
                fault(
                    json!({"name": "line", "route": "127.0.0.1:15432", "kind": "bandwidth", "direction": "both",
                    "attributes": {"rate": 51200, "shared": true}, "schedule": "at 10s for 5s"}),
                ),
                fault(json!({"name": "x\u{1b}", "route": "shop.localhost", "kind": "later",
                    "attributes": {"a": "b"}, "filter": "method:POST"})),
            ],
        };
        let expected = "shop.localhost\tslow\tlatency\t200.0 ms, jitter 50.0 ms, distribution normal\tdown\t0.3\t\t\n\
             127.0.0.1:15432\tline\tbandwidth\t50.0 KiB/s, shared\tboth\t1\tat 10s for 5s\t\n\
             shop.localhost\tx\\x1b\tlater\ta b\tdown\t1\t\tmethod:POST\n";
        assert_eq!(draw(&faults, &Look::default()), expected);
        for width in [80, 200] {
            let look = Look { terminal: true, colour: false, width: Some(width) };
            assert!(draw(&faults, &look).lines().all(|line| line.chars().count() <= width));
        }
    }
}

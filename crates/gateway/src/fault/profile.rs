//! Profiles: connections that people have, as faults.

use std::collections::BTreeMap;

use navyd_model::fault::{Direction, Fault};
use serde_json::Value;

/// A connection that people have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// Its name: `3g`.
    pub name: &'static str,
    /// Kilobits in a second towards the client.
    pub down: u32,
    /// Kilobits in a second from the client.
    pub up: u32,
    /// Milliseconds there and back.
    pub round_trip: u32,
}

/// Every profile, from the slowest to the fastest of its sort.
pub const PROFILES: &[Profile] = &[
    profile("3gslow", 400, 400, 200),
    profile("3g", 1600, 768, 150),
    profile("3gfast", 1600, 768, 75),
    profile("4g", 9000, 9000, 85),
    profile("lte", 12_000, 12_000, 35),
    profile("edge", 240, 200, 420),
    profile("2g", 280, 256, 400),
    profile("dsl", 1500, 384, 25),
    profile("cable", 5000, 1000, 14),
    profile("dial", 49, 30, 60),
    profile("fios", 20_000, 5000, 2),
];

impl Profile {
    /// The profile of this name.
    pub fn of(name: &str) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.name == name)
    }

    /// The faults that make a route such a connection. Their names begin with that of the profile.
    pub fn faults(&self, route: &str) -> Vec<Fault> {
        // Half of the way there and half of it back, and all connections share the line, as they would at home.
        let latency = Value::from(f64::from(self.round_trip) / 2.0);
        let rate = |kilobits: u32| Value::from(u64::from(kilobits) * 1000 / 8);
        let shared = || ("shared", Value::Bool(true));
        vec![
            self.fault(route, "latency", Direction::Up, [("latency", latency.clone())]),
            self.fault(route, "bandwidth", Direction::Up, [("rate", rate(self.up)), shared()]),
            self.fault(route, "latency", Direction::Down, [("latency", latency)]),
            self.fault(route, "bandwidth", Direction::Down, [("rate", rate(self.down)), shared()]),
        ]
    }

    fn fault<const N: usize>(
        &self,
        route: &str,
        kind: &str,
        direction: Direction,
        attributes: [(&str, Value); N],
    ) -> Fault {
        let way = if direction == Direction::Up { "up" } else { "down" };
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value));
        Fault {
            name: format!("{}_{kind}_{way}", self.name),
            route: route.to_owned(),
            kind: kind.to_owned(),
            attributes: attributes.collect::<BTreeMap<_, _>>(),
            direction,
            toxicity: 1.0,
            filter: None,
            schedule: None,
        }
    }
}

const fn profile(name: &'static str, down: u32, up: u32, round_trip: u32) -> Profile {
    Profile { name, down, up, round_trip }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use navyd_model::Scheme;

    use super::{super::laid::Laid, *};

    #[test]
    fn every_profile_can_be_laid_on_every_route() {
        for profile in PROFILES {
            assert_eq!(Profile::of(profile.name), Some(profile));
            for scheme in [Scheme::Tcp, Scheme::Http, Scheme::Udp] {
                let laid = Laid::new(&profile.faults("127.0.0.1:1"), scheme, None, Instant::now());
                assert!(laid.is_ok(), "{}: {laid:?}", profile.name);
            }
        }
        assert_eq!(Profile::of("5g"), None);
    }

    #[test]
    fn its_numbers_become_bytes_and_one_way() {
        let faults = Profile::of("3g").unwrap().faults("shop.localhost/");
        let told: Vec<_> = faults
            .iter()
            .map(|fault| format!("{} {}", fault.name, serde_json::to_string(&fault.attributes).unwrap()))
            .collect();
        assert_eq!(
            told,
            [
                r#"3g_latency_up {"latency":75.0}"#,
                r#"3g_bandwidth_up {"rate":96000,"shared":true}"#,
                r#"3g_latency_down {"latency":75.0}"#,
                r#"3g_bandwidth_down {"rate":200000,"shared":true}"#,
            ]
        );
    }
}

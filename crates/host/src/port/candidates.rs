//! In which order ports are tried. Pure.

use std::ops::RangeInclusive;

use navyd_model::{
    Protocol,
    ports::{stable_candidates, usual},
};

use super::rules::{Objection, Rules};

/// Where a port is taken from when nobody says where: above what programs usually choose for themselves, below
/// the stable ports of services (20000 to 29999) and the ranges that Linux (from 32768), macOS and Windows
/// (from 49152) draw source ports from.
pub(crate) const ANYWHERE: RangeInclusive<u16> = 10_000..=19_999;

/// The first port that no privilege guards, by old custom: nobody is given a lower one unasked.
const UNPRIVILEGED: u16 = 1024;

/// The ports to try when nobody says where, beginning at a place that `random` chooses: two who ask at the same
/// time seldom try the same. Ports with a usual meaning are left out, since their program may start later.
pub(super) fn anywhere(rules: &Rules, random: u64) -> Vec<u16> {
    let start = *ANYWHERE.start();
    let count = ANYWHERE.end() - start + 1;
    // The remainder is below `count`, which is a u16.
    let offset = (random % u64::from(count)) as u16;
    let ring = (0..count)
        .map(|at| start + (at + offset) % count)
        .filter(|port| usual(*port, Protocol::Tcp).is_none());
    let beyond = (UNPRIVILEGED..=u16::MAX).filter(|port| !ANYWHERE.contains(port));
    good_then_ephemeral(rules, ring.chain(beyond))
}

/// The wanted port, then those above it, then those below.
pub(super) fn near(rules: &Rules, wanted: u16) -> Vec<u16> {
    let lowest = UNPRIVILEGED.min(wanted);
    good_then_ephemeral(rules, (wanted..=u16::MAX).chain((lowest..wanted).rev()))
}

/// The port of a name: the first of its own order that is usable in principle, held or not, since a port that
/// moved when it is busy would not be stable.
pub(super) fn stable(rules: &Rules, project: &str, name: &str, branch: Option<&str>) -> Option<u16> {
    stable_order(rules, project, name, branch).first().copied()
}

/// That, and where to go on.
pub(super) fn stable_order(rules: &Rules, project: &str, name: &str, branch: Option<&str>) -> Vec<u16> {
    good_then_ephemeral(rules, stable_candidates(project, name, branch))
}

/// Those without an objection first; then, for systems whose range is so wide that nothing else is left, those
/// that an outgoing connection may take.
fn good_then_ephemeral(rules: &Rules, ports: impl Iterator<Item = u16>) -> Vec<u16> {
    let (mut good, mut ephemeral) = (Vec::new(), Vec::new());
    for port in ports {
        match rules.objection(port) {
            None => good.push(port),
            Some(Objection::EphemeralRange) => ephemeral.push(port),
            Some(_) => {}
        }
    }
    good.append(&mut ephemeral);
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(ephemeral: RangeInclusive<u16>) -> Rules {
        Rules { ephemeral: Some(ephemeral), reserved: vec![3002..=3003], lowest: 1024 }
    }

    #[test]
    fn near_goes_up_then_down_then_into_the_ephemeral_range() {
        let linux = rules(32768..=60999);
        assert_eq!(near(&linux, 3000)[..4], [3000, 3001, 3004, 3005]);
        assert_eq!(near(&linux, 5999)[..2], [5999, 6001]);
        assert_eq!(near(&linux, 40_000)[..2], [61_000, 61_001]);
        assert_eq!(near(&linux, 65_535)[..2], [65_535, 65_534]);
        let all = near(&linux, 3000);
        assert_eq!((all.last(), all.contains(&1023), all.contains(&0)), (Some(&60_999), false, false));
        assert_eq!(near(&rules(1024..=65535), 3000)[..2], [3000, 3001]);
    }

    #[test]
    fn low_ports_are_for_those_who_name_them_and_may_have_them() {
        let privileged = Rules { lowest: 1, ..rules(32768..=60999) };
        assert_eq!(near(&privileged, 80)[..2], [80, 81]);
        assert!(near(&privileged, 3000).iter().all(|port| *port >= 1024));
        assert_eq!(near(&rules(32768..=60999), 80)[0], 1024);
    }

    #[test]
    fn anywhere_begins_where_chance_says() {
        let linux = rules(32768..=60999);
        assert_eq!(anywhere(&linux, 10_007)[0], 10_007);
        assert_eq!(anywhere(&linux, 19_999)[0], 19_999);
        let ports = anywhere(&linux, 0);
        assert!(!ports.contains(&11_434), "that of Ollama");
        assert!(!ports.contains(&10_080), "blocked by browsers");
        let different: std::collections::HashSet<_> = ports.iter().collect();
        assert_eq!(ports.len(), different.len());
        assert_eq!(anywhere(&rules(9_000..=40_000), 0)[0], 1024, "outside the range first");
        assert!(ANYWHERE.contains(&anywhere(&rules(1024..=65535), 0)[0]));
    }

    #[test]
    fn stable_moves_for_rules_and_for_nothing_else() {
        let linux = rules(32768..=60999);
        let order: Vec<u16> = stable_candidates("/shop", "web", Some("main")).take(3).collect();
        assert_eq!(stable(&linux, "/shop", "web", Some("main")), Some(order[0]));
        let reserved = Rules { reserved: vec![order[0]..=order[0]], ..linux };
        assert_eq!(stable(&reserved, "/shop", "web", Some("main")), Some(order[1]));
        assert_eq!(stable(&rules(1024..=65535), "/shop", "web", Some("main")), Some(order[0]));
        let none = Rules { reserved: vec![1..=65535], ..rules(1..=2) };
        assert_eq!(stable(&none, "/shop", "web", None), None);
    }
}

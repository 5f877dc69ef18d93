//! The same port for the same service, always and everywhere.
//!
//! Version 1, which never changes, because people bookmark what it gives. The hash is FNV-1a, 64 bits, over
//! the fields `navyd.port/1`, project, service and (when there is one) branch, each in UTF-8 behind its
//! length in bytes as 64 bits, low byte first; then the final mix of MurmurHash3. The high bits choose the
//! port, the low bits the step to the next one. Lengths keep `ab` + `c` apart from `a` + `bc`, and a missing
//! branch apart from an empty one; the mix is there because the high bits of FNV hardly move for short texts.
//! Deliberately absent: whether a port is free, which is the caller's to find out.

use std::{iter, ops::RangeInclusive};

/// Where stable ports lie: below the ranges that Linux (from 32768), macOS and Windows (from 49152) draw
/// source ports from, above what most programs take for themselves, and with no port that browsers block.
pub const STABLE_RANGE: RangeInclusive<u16> = 20_000..=29_999;

const VERSION: &str = "navyd.port/1";
const FIRST: u16 = *STABLE_RANGE.start();
const COUNT: u16 = *STABLE_RANGE.end() - FIRST + 1;

/// The port of a service of a project on a branch. Two services may share one: with 100 services, some two
/// do with a probability of 39 %, and then [`stable_candidates`] parts them.
pub fn stable(project: &str, service: &str, branch: Option<&str>) -> u16 {
    FIRST + first(hash(project, service, branch))
}

/// [`stable`], then every other port of [`STABLE_RANGE`] once, in an order of the service's own: where a port
/// cannot be had, everyone who asks for the service goes on to the same next one.
pub fn stable_candidates(project: &str, service: &str, branch: Option<&str>) -> impl Iterator<Item = u16> {
    let hash = hash(project, service, branch);
    let step = step(hash);
    // Both are below 10,000, so that the sum fits 16 bits.
    iter::successors(Some(first(hash)), move |at| Some((at + step) % COUNT))
        .take(usize::from(COUNT))
        .map(|at| FIRST + at)
}

/// The high bits, scaled to the range: a product of 64 and 14 bits, of which the upper 64 are kept.
fn first(hash: u64) -> u16 {
    ((u128::from(hash) * u128::from(COUNT)) >> 64) as u16
}

/// An odd number below 10,000 that 5 does not divide: it has no factor in common with 10,000 = 2⁴ · 5⁴, so
/// that walking by it meets every port.
fn step(hash: u64) -> u16 {
    let odd = (hash % u64::from(COUNT / 2)) as u16 * 2 + 1;
    if odd.is_multiple_of(5) { odd + 2 } else { odd }
}

fn hash(project: &str, service: &str, branch: Option<&str>) -> u64 {
    // The offset basis and the prime of the 64-bit FNV (RFC 9923).
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for field in [VERSION, project, service].into_iter().chain(branch) {
        for byte in (field.len() as u64).to_le_bytes().into_iter().chain(field.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    // The final mix of MurmurHash3 (fmix64).
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::ports::blocked_by_browsers;

    /// The values come from a second implementation, in another language, of the description above.
    #[test]
    fn never_changes() {
        for (project, service, branch, expected) in [
            ("shop", "web", None, [24708, 23259, 21810, 20361]),
            ("shop", "web", Some("main"), [28673, 27970, 27267, 26564]),
            ("shop", "api", None, [22710, 24879, 27048, 29217]),
            ("shop", "api", Some("main"), [25460, 24167, 22874, 21581]),
            ("", "", None, [28830, 27869, 26908, 25947]),
            ("", "", Some(""), [25037, 21294, 27551, 23808]),
            ("ab", "c", None, [25263, 23824, 22385, 20946]),
            ("a", "bc", None, [29728, 22765, 25802, 28839]),
            ("navyd", "hub", None, [27680, 27693, 27706, 27719]),
            ("bücher", "läden", Some("größe/1"), [29828, 25485, 21142, 26799]),
        ] {
            assert_eq!(stable(project, service, branch), expected[0], "{project} {service} {branch:?}");
            let walked: Vec<_> = stable_candidates(project, service, branch).take(4).collect();
            assert_eq!(walked, expected, "{project} {service} {branch:?}");
        }
    }

    #[test]
    fn walks_every_port_once() {
        for service in ["web", "api", "db", ""] {
            let walked: Vec<_> = stable_candidates("shop", service, Some("main")).collect();
            assert_eq!(walked.len(), 10_000);
            assert!(walked.iter().all(|port| STABLE_RANGE.contains(port)));
            assert_eq!(walked.iter().collect::<HashSet<_>>().len(), 10_000);
        }
    }

    #[test]
    fn every_step_meets_every_port() {
        for low in 0..5_000 {
            let step = step(low);
            assert!(step < COUNT && step % 2 == 1 && !step.is_multiple_of(5), "{low} gives {step}");
        }
        assert_eq!((first(0), first(u64::MAX)), (0, COUNT - 1));
    }

    #[test]
    fn spreads_evenly() {
        let mut tens = [0u32; 10];
        for service in 0..10_000 {
            tens[usize::from(stable("shop", &format!("service-{service}"), None) - FIRST) / 1_000] += 1;
        }
        // Each of ten bins expects 1,000 with a deviation of 30: this allows five of them.
        assert!(tens.iter().all(|count| (850..=1_150).contains(count)), "{tens:?}");
    }

    #[test]
    fn browsers_open_all_of_them() {
        assert!(!STABLE_RANGE.into_iter().any(blocked_by_browsers));
    }
}

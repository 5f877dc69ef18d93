//! How long a service that ended rests before it starts again.
//!
//! Pure: chance is a seed. Deliberately absent: whether it starts again at all.

use std::time::Duration;

use navyd_model::config::Restart;

/// The pause after `failures` ends in a row, of which the first is 0: doubled each time, and up to a quarter of it
/// taken away by chance, so that services which failed together do not start together for ever.
pub(super) fn pause(failures: u32, seed: u64) -> Duration {
    let whole = Restart::delay(failures);
    let chance = mix(seed ^ u64::from(failures)) >> 32;
    // The product of a quarter of at most 30 s in milliseconds and 32 bits is far below 64 bits.
    let off = (whole.as_millis() as u64 / 4 * chance) >> 32;
    whole - Duration::from_millis(off)
}

/// The step of SplitMix64: every bit of the seed moves every bit of the result.
fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        for (failures, whole) in [
            (0, 100),
            (1, 200),
            (2, 400),
            (5, 3_200),
            (8, 25_600),
            (9, 30_000),
            (31, 30_000),
            (u32::MAX, 30_000),
        ] {
            for seed in 0..1_000 {
                let pause = pause(failures, seed).as_millis();
                assert!(
                    (whole * 3 / 4..=whole).contains(&pause),
                    "{failures} failures, seed {seed}: {pause} ms"
                );
            }
        }
    }

    #[test]
    fn the_same_seed_pauses_the_same_and_others_differ() {
        assert_eq!(pause(6, 7), pause(6, 7));
        let different: std::collections::HashSet<_> = (0..100).map(|seed| pause(6, seed)).collect();
        assert!(different.len() > 90, "{}", different.len());
    }
}

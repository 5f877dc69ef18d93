//! Chance that can be repeated: the same seed, route, connection and fault always roll the same numbers.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng as _},
};
use ring::digest::{Context, SHA256};

/// What numbers are rolled for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cast<'a> {
    /// What makes a run repeatable.
    pub(super) seed: u64,
    /// The route.
    pub(super) route: &'a str,
    /// The how manieth connection of the route it is.
    pub(super) connection: u64,
    /// The fault's name, which is unique on the route.
    pub(super) fault: &'a str,
    /// What of the connection: a direction, or the choice whether it is hit at all.
    pub(super) part: u8,
}

/// A row of random numbers.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The row for this.
    pub(super) fn new(cast: Cast<'_>) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&cast.seed.to_le_bytes());
        context.update(&cast.connection.to_le_bytes());
        context.update(&[cast.part]);
        // The length keeps a route's end from being read as the start of a name.
        context.update(&(cast.route.len() as u64).to_le_bytes());
        context.update(cast.route.as_bytes());
        context.update(cast.fault.as_bytes());
        let mut seed = [0; 32];
        seed.copy_from_slice(context.finish().as_ref());
        Self(ChaCha8Rng::from_seed(seed))
    }

    /// A number from 0 up to 1, which it never is.
    pub(super) fn share(&mut self) -> f64 {
        // The 53 bits that such a number can hold.
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `bound`, which must not be 0. The bias is at most `bound / 2^64`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// For distributions.
    pub(super) fn source(&mut self) -> &mut impl RngCore {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_cast_rolls_the_same_and_any_other_something_else() {
        let cast = Cast { seed: 1, route: "shop.localhost/", connection: 7, fault: "slow", part: 0 };
        let row = |cast| {
            let mut dice = Dice::new(cast);
            [dice.below(1 << 40), dice.below(1 << 40)]
        };
        assert_eq!(row(cast), row(cast));
        for other in [
            Cast { seed: 2, ..cast },
            Cast { route: "shop.localhost/s", fault: "low", ..cast },
            Cast { connection: 8, ..cast },
            Cast { fault: "slower", ..cast },
            Cast { part: 1, ..cast },
        ] {
            assert_ne!(row(cast), row(other), "{other:?}");
        }
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        let mut dice = Dice::new(Cast { seed: 0, route: "", connection: 0, fault: "", part: 0 });
        let rolls: Vec<_> = (0..1000).map(|_| dice.below(3)).collect();
        assert!((0..3).all(|face| rolls.contains(&face)) && rolls.iter().all(|roll| *roll < 3));
        let shares: Vec<_> = (0..1000).map(|_| dice.share()).collect();
        assert!(shares.iter().all(|share| (0.0..1.0).contains(share)));
    }
}

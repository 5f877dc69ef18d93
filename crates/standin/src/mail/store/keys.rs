//! Names of messages.

use ring::rand::{SecureRandom, SystemRandom};

use super::StoreError;

/// Makes names that nothing else has: a time, what this process drew by chance, and a number that goes up. They are in
/// the order of the messages, so that the newest stand together in their index, and a commit writes little of it.
#[derive(Debug)]
pub(super) struct Keys {
    /// 48 bits.
    chance: u64,
    number: u32,
}

impl Keys {
    pub(super) fn new() -> Result<Self, StoreError> {
        let mut bytes = [0; 8];
        SystemRandom::new().fill(&mut bytes).map_err(|_| StoreError::Ended)?;
        Ok(Self { chance: u64::from_be_bytes(bytes) >> 16, number: 0 })
    }

    /// The next one, in 22 letters and digits. `now` is in milliseconds since 1970.
    pub(super) fn next(&mut self, now: i64) -> String {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        self.number = self.number.wrapping_add(1);
        let time = u128::from(now.cast_unsigned() & ((1 << 48) - 1));
        let mut rest = time << 80 | u128::from(self.chance) << 32 | u128::from(self.number);
        // 62 to the 22nd is more than 2 to the 128th.
        let mut key = [0; 22];
        for digit in key.iter_mut().rev() {
            *digit = DIGITS[(rest % 62) as usize];
            rest /= 62;
        }
        key.iter().map(|digit| char::from(*digit)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn names_differ_and_are_in_order() {
        let mut keys = Keys::new().unwrap();
        let made: Vec<_> = (0..1000).map(|number| keys.next(1_751_371_200_000 + number / 10)).collect();
        assert!(made.windows(2).all(|two| two[0] < two[1]) && made.iter().all(|key| key.len() == 22));
        assert_ne!(Keys::new().unwrap().next(0), Keys::new().unwrap().next(0));
    }
}

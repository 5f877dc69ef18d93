//! The random numbers of Python for a seed (Mersenne Twister, MT19937), so that `seed` gives the bytes that httpbin
//! gives for it. Nothing that has to be secret is made of them.

/// How many words of state there are, and how far apart those are that are mixed.
const WORDS: usize = 624;
const APART: usize = 397;

/// A sequence of numbers.
pub(super) struct Twister {
    state: [u32; WORDS],
    at: usize,
}

impl Twister {
    /// The sequence of that seed.
    pub(super) fn new(seed: u128) -> Self {
        let mut key = Vec::with_capacity(4);
        let mut left = seed;
        while left > 0 || key.is_empty() {
            key.push(left as u32);
            left >>= 32;
        }
        let mut twister = Self { state: [0; WORDS], at: WORDS };
        twister.begin(19_650_218);
        twister.stir(&key);
        twister
    }

    /// The next byte. Python takes nine bits for a number below 257, and takes others when that is too large.
    pub(super) fn byte(&mut self) -> u8 {
        loop {
            if let Ok(byte) = u8::try_from(self.number() >> 23) {
                return byte;
            }
        }
    }

    fn number(&mut self) -> u32 {
        if self.at == WORDS {
            self.twist();
        }
        let mut word = self.state[self.at];
        self.at += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    fn twist(&mut self) {
        for at in 0..WORDS {
            let mixed = self.state[at] & 0x8000_0000 | self.state[(at + 1) % WORDS] & 0x7fff_ffff;
            let odd = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[at] = self.state[(at + APART) % WORDS] ^ mixed >> 1 ^ odd;
        }
        self.at = 0;
    }

    fn begin(&mut self, seed: u32) {
        self.state[0] = seed;
        for at in 1..WORDS {
            self.state[at] = self.spread(at).wrapping_mul(1_812_433_253).wrapping_add(at as u32);
        }
    }

    /// Mixes a key of several words into the state: once around with it, once around without.
    fn stir(&mut self, key: &[u32]) {
        let mut at = 1;
        for turn in 0..WORDS.max(key.len()) {
            let word = turn % key.len();
            let mixed = self.state[at] ^ self.spread(at).wrapping_mul(1_664_525);
            self.state[at] = mixed.wrapping_add(key[word]).wrapping_add(word as u32);
            at = self.next(at);
        }
        for _ in 1..WORDS {
            let mixed = self.state[at] ^ self.spread(at).wrapping_mul(1_566_083_941);
            self.state[at] = mixed.wrapping_sub(at as u32);
            at = self.next(at);
        }
        self.state[0] = 0x8000_0000;
    }

    /// The word before this one, its upper bits brought down.
    fn spread(&self, at: usize) -> u32 {
        let before = self.state[at - 1];
        before ^ before >> 30
    }

    /// The place behind this one. The first word is left out; it follows the last.
    fn next(&mut self, at: usize) -> usize {
        if at + 1 < WORDS {
            return at + 1;
        }
        self.state[0] = self.state[WORDS - 1];
        1
    }
}

#[cfg(test)]
mod tests {
    use super::Twister;

    #[test]
    fn a_seed_gives_the_bytes_that_python_gives() {
        for (seed, expected) in [
            (0, [0xc5, 0xd7, 0x14, 0x84, 0xf8, 0xcf, 0x9b, 0xf4, 0xb7, 0x6f]),
            (42, [0x39, 0x0c, 0x8c, 0x7d, 0x72, 0x47, 0x34, 0x2c, 0xd8, 0x10]),
            (1267650600228229401496703205383, [0xd5, 0x2a, 0xa7, 0xb3, 0xe8, 0x97, 0xa8, 0xd5, 0x3d, 0x71]),
        ] {
            let mut twister = Twister::new(seed);
            assert_eq!(std::array::from_fn(|_| twister.byte()), expected, "{seed}");
        }
    }
}

//! What is seen again and again, recognised: heads, bodies, connections.
//!
//! Traffic repeats itself, and what was parsed, redacted and stored once need not be again. Two generations bound it: what
//! was used since the last change of generations stays, the rest goes. Hashes are keyed anew in each process, so nobody
//! outside can make them collide on purpose.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Things recognised by a hash; whoever asks compares.
pub(crate) struct Known<T> {
    young: HashMap<u64, Arc<T>, BuildHasherDefault<Hashed>>,
    old: HashMap<u64, Arc<T>, BuildHasherDefault<Hashed>>,
    most: usize,
    key: u64,
}

impl<T> Known<T> {
    /// Recognises so many at least.
    pub(crate) fn new(most: usize) -> Self {
        let key = RandomState::new().hash_one(0_u8);
        Self { young: HashMap::default(), old: HashMap::default(), most, key }
    }

    /// A hash of bytes, and of a number that tells kinds apart.
    pub(crate) fn hash(&self, kind: u64, bytes: &[u8]) -> u64 {
        hash(self.key ^ kind.wrapping_mul(ODD), bytes)
    }

    /// What has this hash and is the same.
    pub(crate) fn find(&mut self, hash: u64, is: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        if let Some(found) = self.young.get(&hash) {
            return is(found).then(|| Arc::clone(found));
        }
        let found = self.old.remove(&hash).filter(|found| is(found))?;
        self.put(hash, Arc::clone(&found));
        Some(found)
    }

    /// From now on it is recognised.
    pub(crate) fn put(&mut self, hash: u64, thing: Arc<T>) {
        if self.young.len() >= self.most {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, thing);
    }
}

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Multiplies 16 bytes at a time and folds both halves of the product, keyed.
fn hash(key: u64, bytes: &[u8]) -> u64 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product as u64) ^ (product >> 64) as u64
    };
    let word = |part: &[u8]| part.try_into().map_or(0, u64::from_le_bytes);
    let mut state = key ^ (bytes.len() as u64).wrapping_mul(ODD);
    let mut chunks = bytes.chunks_exact(16);
    for chunk in &mut chunks {
        state = fold(word(&chunk[..8]) ^ state, word(&chunk[8..]) ^ key ^ ODD);
    }
    let mut rest = [0; 16];
    rest[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    fold(fold(word(&rest[..8]) ^ state, word(&rest[8..]) ^ key ^ ODD) ^ key, ODD)
}

/// Numbers that are hashes, or numbered in sequence, need no other.
#[derive(Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(self.0, bytes);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(ODD);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number as u64);
    }
}

/// In which row of which generation of rows something stands. A generation ends with its folder, or with a transaction
/// that failed: then everything is written once more.
#[derive(Debug, Default)]
pub(crate) struct Row(AtomicU64);

/// Bits of the number of a row: more than a folder can ever have.
const ROW_BITS: u32 = 40;

impl Row {
    /// Its row, when it has one in this generation.
    pub(crate) fn of(&self, generation: u64) -> Option<i64> {
        let both = self.0.load(Ordering::Relaxed);
        (both >> ROW_BITS == generation && both != 0).then_some((both & ((1 << ROW_BITS) - 1)) as i64)
    }

    /// Where it stands from now on.
    pub(crate) fn set(&self, generation: u64, row: i64) {
        self.0.store(generation << ROW_BITS | row as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let mut known = Known::new(4);
        let hash = known.hash(0, b"kept");
        known.put(hash, Arc::new("kept"));
        for number in 0..100_u64 {
            known.put(known.hash(1, &number.to_le_bytes()), Arc::new("other"));
            assert!(known.find(hash, |found| *found == "kept").is_some(), "{number}");
            assert!(known.young.len() + known.old.len() <= 9);
        }
        assert!(known.find(known.hash(1, &0_u64.to_le_bytes()), |_| true).is_none());
        assert!(known.find(hash, |_| false).is_none());
    }

    #[test]
    fn hashes_differ_by_every_byte_and_kind() {
        let known = Known::<()>::new(1);
        let mut seen = std::collections::HashSet::new();
        for length in 0..70 {
            assert!(seen.insert(known.hash(0, &vec![0; length])), "{length}");
            for at in 0..length {
                let mut bytes = vec![0; length];
                bytes[at] = 1;
                assert!(seen.insert(known.hash(0, &bytes)), "{length} {at}");
            }
        }
        assert!(seen.insert(known.hash(1, b"")));
    }

    #[test]
    fn a_row_counts_only_in_its_generation() {
        let row = Row::default();
        assert_eq!(row.of(0), None);
        row.set(3, 7);
        assert_eq!((row.of(3), row.of(4)), (Some(7), None));
    }
}

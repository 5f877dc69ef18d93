//! One way to write a fuzz target, two ways to run it.
//!
//! Under cargo-fuzz (which sets `cfg(fuzzing)`) [`target!`] is libFuzzer's entry. Anywhere else it is a program
//! of the stable toolchain that feeds the seeds, and bytes derived from them, to the same closure: fewer
//! discoveries, since nothing measures coverage, but no set-up and the same inputs on every run.
#![forbid(unsafe_code)]
// The smoke run is a program of its own, and talks to whoever started it.
#![allow(clippy::print_stdout)]

pub mod talk;

use std::{env, fs, path::Path};

#[cfg(fuzzing)]
#[doc(hidden)]
pub use libfuzzer_sys;

/// How many derived inputs a smoke run tries unless its argument says otherwise.
const INPUTS: u64 = 20_000;

/// Declares the fuzz target of a file: a closure that takes `&[u8]` and panics when it finds a fault.
#[cfg(fuzzing)]
#[macro_export]
macro_rules! target {
    (|$bytes:ident: &[u8]| $body:block) => {
        $crate::libfuzzer_sys::fuzz_target!(|$bytes: &[u8]| $body);
    };
}

/// Declares the fuzz target of a file: a closure that takes `&[u8]` and panics when it finds a fault.
#[cfg(not(fuzzing))]
#[macro_export]
macro_rules! target {
    (|$bytes:ident: &[u8]| $body:block) => {
        fn main() {
            $crate::smoke(env!("CARGO_BIN_NAME"), |$bytes: &[u8]| $body);
        }
    };
}

/// Feeds a target its seeds, the files of `seeds/NAME/`, and inputs derived from them. A fault panics, after the
/// input that showed it has been printed.
pub fn smoke(name: &str, target: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    let inputs = env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(INPUTS);
    let seeds = seeds(name);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let derived = (0..inputs).map(|_| derive(&seeds, &mut random));
    let mut tried = 0u64;
    for input in seeds.iter().cloned().chain(derived) {
        if let Err(fault) = std::panic::catch_unwind(|| target(&input)) {
            println!("{name}: a fault with the {} bytes b\"{}\"", input.len(), input.escape_ascii());
            std::panic::resume_unwind(fault);
        }
        tried += 1;
    }
    println!("{name}: {tried} inputs, {} of them seeds", seeds.len());
}

/// The seeds in the order of their names; the empty input when there are none.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let mut paths: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort_unstable();
    let mut seeds: Vec<_> = paths.iter().filter_map(|path| fs::read(path).ok()).collect();
    if seeds.is_empty() {
        seeds.push(Vec::new());
    }
    seeds
}

/// A seed with one to eight changes: bytes replaced, inserted, removed, doubled, cut off, or another seed's.
fn derive(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    /// Bytes at which parsers decide.
    const TELLING: &[u8] = b"\0\x01\x7f\x80\xff09:[]/.%@-+ \n";
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        let telling = TELLING[random.below(TELLING.len())];
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] = telling,
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => bytes.insert(at, telling),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            5 => bytes.extend_from_within(at..),
            _ => {
                let other = &seeds[random.below(seeds.len())];
                bytes.truncate(at);
                bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
            }
        }
        bytes.truncate(4096);
    }
    bytes
}

/// Marsaglia's xorshift, so that every run tries the same inputs.
struct Random(u64);

impl Random {
    /// A number below `limit`, which is not 0. The small bias of the remainder does not matter here.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{Random, derive, smoke};

    #[test]
    fn derived_inputs_repeat_and_differ() {
        let seeds = [b"127.0.0.1:3000".to_vec(), Vec::new()];
        let inputs = |count| {
            let mut random = Random(1);
            (0..count).map(|_| derive(&seeds, &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(inputs(100), inputs(100));
        let distinct: std::collections::BTreeSet<_> = inputs(100).into_iter().collect();
        assert!(distinct.len() > 50, "only {} of 100 differ", distinct.len());
    }

    #[test]
    #[should_panic(expected = "long enough")]
    fn a_fault_is_found() {
        smoke("no-such-target", |bytes| assert!(bytes.len() < 3, "long enough"));
    }
}

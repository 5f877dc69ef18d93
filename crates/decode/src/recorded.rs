//! Conversations with real servers, which are also the seeds of the fuzz targets, and what must hold for each.
//!
//! A recording is a list of portions: `C` or `S` for who sent it, its length in two bytes, and the bytes; `G` stands for
//! bytes that are not known.

use std::{fs, path::Path};

use navyd_model::exchange::Side;

use crate::{Decoder, Spoken};

type Portion<'a> = (Side, &'a [u8]);

/// A recording from `fuzz/seeds/`.
pub(crate) fn recording(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}

/// Its portions.
pub(crate) fn portions(mut bytes: &[u8]) -> Vec<Portion<'_>> {
    let mut portions = Vec::new();
    while let [side, high, low, rest @ ..] = bytes {
        let (portion, behind) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        portions.push((if *side == b'C' { Side::Client } else { Side::Server }, portion));
        bytes = behind;
    }
    portions
}

fn read(decoder: &mut dyn Decoder, portions: &[(usize, Side, &[u8])]) -> Vec<Spoken> {
    let mut out = Vec::new();
    for (at, side, bytes) in portions {
        decoder.bytes(*side, *at as i64, bytes, &mut out);
    }
    out
}

/// What a conversation says whose portions must not be split.
pub(crate) fn once<D: Decoder + Default>(name: &str) -> Vec<Spoken> {
    let recording = recording(name);
    let portions: Vec<_> =
        portions(&recording).into_iter().enumerate().map(|(at, (side, bytes))| (at, side, bytes)).collect();
    let mut decoder = D::default();
    let mut spoken = read(&mut decoder, &portions);
    decoder.end(portions.len() as i64, &mut spoken);
    spoken
}

/// How many portions behind a split are compared.
const BEHIND: usize = 6;

/// What a conversation says; the same wherever its portions are split.
pub(crate) fn check<D: Decoder + Default + Clone + 'static>(name: &str) -> Vec<Spoken> {
    let recording = recording(name);
    let portions: Vec<_> =
        portions(&recording).into_iter().enumerate().map(|(at, (side, bytes))| (at, side, bytes)).collect();
    let bytewise: Vec<_> = portions
        .iter()
        .flat_map(|(at, side, bytes)| bytes.chunks(1).map(|byte| (*at, *side, byte)))
        .collect();
    let mut decoder = D::default();
    let mut whole = read(&mut decoder, &portions);
    assert_eq!(read(&mut D::default(), &bytewise), whole, "{name}, byte by byte");
    decoder.end(portions.len() as i64, &mut whole);

    let mut before = D::default();
    for (at, (_, side, bytes)) in portions.iter().enumerate() {
        let behind = &portions[at + 1..portions.len().min(at + 1 + BEHIND)];
        let mut decoder = before.clone();
        let expected = [read(&mut decoder, &portions[at..=at]), read(&mut decoder, behind)].concat();
        for split in 1..bytes.len() {
            let mut decoder = before.clone();
            let (first, second) = bytes.split_at(split);
            let halves = read(&mut decoder, &[(at, *side, first), (at, *side, second)]);
            let found = [halves, read(&mut decoder, behind)].concat();
            assert_eq!(found, expected, "{name}, portion {at} split at {split}");
        }
        read(&mut before, &portions[at..=at]);
    }
    whole
}

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

fn portions(mut bytes: &[u8]) -> Vec<Portion<'_>> {
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
    decoder.end(portions.len() as i64, &mut out);
    out
}

/// What a conversation says; the same wherever its portions are split.
pub(crate) fn check<D: Decoder + Default + 'static>(name: &str) -> Vec<Spoken> {
    let recording = recording(name);
    let portions = portions(&recording);
    let whole: Vec<_> = portions.iter().enumerate().map(|(at, (side, bytes))| (at, *side, *bytes)).collect();
    let mut expected = read(&mut D::default(), &whole);
    let end = |spoken: &mut Vec<Spoken>| spoken.iter_mut().for_each(|one| one.ended = one.ended.map(|_| 0));
    end(&mut expected);
    let bytewise: Vec<_> =
        whole.iter().flat_map(|(at, side, bytes)| bytes.chunks(1).map(|byte| (*at, *side, byte))).collect();
    let mut found = read(&mut D::default(), &bytewise);
    end(&mut found);
    assert_eq!(found, expected, "{name}, byte by byte");
    for (at, (_, side, bytes)) in whole.iter().enumerate() {
        // Of a long portion only its ends are split everywhere.
        let splits = (1..bytes.len()).filter(|split| *split < 300 || bytes.len() - split < 40);
        for split in splits {
            let mut portions = whole.clone();
            let (first, second) = bytes.split_at(split);
            portions.splice(at..=at, [(at, *side, first), (at, *side, second)]);
            let mut found = read(&mut D::default(), &portions);
            end(&mut found);
            assert_eq!(found, expected, "{name}, portion {at} split at {split}");
        }
    }
    expected
}

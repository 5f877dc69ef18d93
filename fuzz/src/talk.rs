//! Conversations for the decoders: an input is a list of portions, as recordings of real ones are.

use navyd_decode::{Decoder, PieceReader, Spoken};
use navyd_model::exchange::{Piece, Side};

/// What passes next.
enum Portion<'a> {
    Bytes(Side, &'a [u8]),
    Gap(Side, u64),
}

/// Reads `C` or `S`, a length in two bytes, and so many bytes; any other letter stands for bytes that are not known.
fn portions(mut bytes: &[u8]) -> Vec<Portion<'_>> {
    let mut portions = Vec::new();
    while let [kind, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (portion, behind) = rest.split_at(length.min(rest.len()));
        bytes = behind;
        match kind {
            b'C' => portions.push(Portion::Bytes(Side::Client, portion)),
            b'S' => portions.push(Portion::Bytes(Side::Server, portion)),
            other => {
                let side = if other & 1 == 0 { Side::Client } else { Side::Server };
                portions.push(Portion::Gap(side, length as u64));
                bytes = rest;
            }
        }
    }
    portions
}

/// Decodes an input: no exchange keeps much, and where everything was understood portions do not matter.
pub fn decoder(make: impl Fn() -> Box<dyn Decoder + Send>, bytes: &[u8]) {
    let read = |split: bool| {
        let (mut decoder, mut out) = (make(), Vec::new());
        for (at, portion) in (0..).zip(portions(bytes)) {
            match portion {
                Portion::Bytes(from, bytes) if split => {
                    bytes.chunks(1).for_each(|byte| decoder.bytes(from, at, byte, &mut out));
                }
                Portion::Bytes(from, bytes) => decoder.bytes(from, at, bytes, &mut out),
                Portion::Gap(from, count) => decoder.gap(from, at, count, &mut out),
            }
        }
        decoder.end(i64::MAX, &mut out);
        decoder.bytes(Side::Client, 0, bytes, &mut Vec::new());
        out
    };
    let whole = read(false);
    for one in &whole {
        assert!(one.target.len() < 100 << 10 && one.details.to_string().len() < 1 << 20, "{one:?}");
    }
    // How it is found again what was lost depends on the portions in which it comes.
    let understood =
        |out: &[Spoken]| out.iter().all(|one| !matches!(one.method.as_str(), "gap" | "opaque" | "tls"));
    let split = read(true);
    if understood(&whole) && understood(&split) {
        assert_eq!(whole, split);
    }
}

/// Reads pieces of an input: none keeps much, and where everything was understood portions do not matter.
pub fn pieces(make: impl Fn() -> Box<dyn PieceReader>, bytes: &[u8]) {
    let read = |split: bool| {
        let (mut reader, mut out) = (make(), Vec::new());
        for (at, portion) in (0..).zip(portions(bytes)) {
            match portion {
                Portion::Bytes(from, bytes) if split => {
                    bytes.chunks(1).for_each(|byte| reader.bytes(from, at, byte, &mut out));
                }
                Portion::Bytes(from, bytes) => reader.bytes(from, at, bytes, &mut out),
                Portion::Gap(from, count) => reader.gap(from, at, count, &mut out),
            }
        }
        out
    };
    let whole = read(false);
    for one in &whole {
        let kept = one.text.as_ref().or(one.base64.as_ref()).map_or(0, String::len);
        assert!(kept < 512 << 10, "{kept} of {}", one.size);
    }
    let understood = |out: &[Piece]| out.iter().all(|one| one.kind != "gap");
    let split = read(true);
    if understood(&whole) && understood(&split) {
        assert_eq!(whole, split);
    }
}

//! Numbers, and what is written in groups of digits.

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, Ipv6Addr},
};

use crate::reader::Reader;

pub(super) fn single(bytes: [u8; 4]) -> String {
    let number = f32::from_be_bytes(bytes);
    if number.is_finite() { number.to_string() } else { unusual(f64::from(number)) }
}

pub(super) fn double(bytes: [u8; 8]) -> String {
    let number = f64::from_be_bytes(bytes);
    if number.is_finite() { number.to_string() } else { unusual(number) }
}

fn unusual(number: f64) -> String {
    let name = if number.is_nan() { "NaN" } else { "Infinity" };
    format!("{}{name}", if number < 0.0 { "-" } else { "" })
}

/// In hundredths, as nearly every locale has it.
pub(super) fn money(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let hundredths = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

pub(super) fn uuid(bytes: [u8; 16]) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Digits in base 10,000, the weight of the first, a sign, and how many digits stand behind the point.
pub(super) fn numeric(mut body: Reader<'_>) -> Option<String> {
    let count = usize::from(body.u16()?);
    let weight = i32::from(body.i16()?);
    let sign = body.u16()?;
    let scale = usize::from(body.u16()?);
    let digits =
        (0..count).map(|_| body.u16().filter(|digit| *digit < 10_000)).collect::<Option<Vec<_>>>()?;
    let mut text = match sign {
        0 => String::new(),
        0x4000 => "-".to_owned(),
        0xc000 => return Some("NaN".to_owned()),
        0xd000 => return Some("Infinity".to_owned()),
        0xf000 => return Some("-Infinity".to_owned()),
        _ => return None,
    };
    // The server's own limits are 131,072 digits before the point and 16,383 behind it; none is worth showing.
    if weight.unsigned_abs() > 256 || scale > 1024 {
        return None;
    }
    let digit = |place: i32| {
        usize::try_from(weight - place).ok().and_then(|at| digits.get(at)).copied().unwrap_or_default()
    };
    let mut before = String::new();
    for place in (0..=weight.max(0)).rev() {
        let _ = write!(before, "{:04}", digit(place));
    }
    let before = before.trim_start_matches('0');
    text.push_str(if before.is_empty() { "0" } else { before });
    if scale > 0 {
        let mut behind = String::new();
        for place in 1.. {
            if behind.len() >= scale {
                break;
            }
            let _ = write!(behind, "{:04}", digit(-place));
        }
        text.push('.');
        text.push_str(&behind[..scale]);
    }
    Some(text)
}

/// A family, the bits of the network, whether it is a network, and an address.
pub(super) fn network(mut body: Reader<'_>) -> Option<String> {
    let (family, bits, is_network, length) = (body.u8()?, body.u8()?, body.u8()?, body.u8()?);
    let (address, all) = match (family, length) {
        (2, 4) => (Ipv4Addr::from(body.array::<4>()?).to_string(), 32),
        (3, 16) => (Ipv6Addr::from(body.array::<16>()?).to_string(), 128),
        _ => return None,
    };
    let plain = bits == all && is_network == 0;
    body.0.is_empty().then(|| if plain { address } else { format!("{address}/{bits}") })
}

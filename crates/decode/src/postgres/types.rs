//! Values of PostgreSQL as text: those in binary as its server would write them, where their type is common.

use std::borrow::Cow;

use serde_json::Value;

use super::VALUE;
use crate::{reader::Reader, shown};

mod number;
mod time;

/// The types that are known by their numbers; the second is that of the array of them.
const NAMES: [(u32, u32, &str); 31] = [
    (16, 1000, "bool"),
    (17, 1001, "bytea"),
    (18, 1002, "char"),
    (19, 1003, "name"),
    (20, 1016, "int8"),
    (21, 1005, "int2"),
    (23, 1007, "int4"),
    (24, 1008, "regproc"),
    (25, 1009, "text"),
    (26, 1028, "oid"),
    (28, 1011, "xid"),
    (114, 199, "json"),
    (142, 143, "xml"),
    (600, 1017, "point"),
    (650, 651, "cidr"),
    (700, 1021, "float4"),
    (701, 1022, "float8"),
    (705, 0, "unknown"),
    (790, 791, "money"),
    (829, 1040, "macaddr"),
    (869, 1041, "inet"),
    (1042, 1014, "bpchar"),
    (1043, 1015, "varchar"),
    (1082, 1182, "date"),
    (1083, 1183, "time"),
    (1114, 1115, "timestamp"),
    (1184, 1185, "timestamptz"),
    (1186, 1187, "interval"),
    (1700, 1231, "numeric"),
    (2950, 2951, "uuid"),
    (3802, 3807, "jsonb"),
];

/// How many elements of an array are shown.
const ELEMENTS: usize = 64;

/// The name of a type; its number where it is not common, as those that people define.
pub(super) fn name(kind: u32) -> Cow<'static, str> {
    for (one, many, name) in NAMES {
        if kind == one {
            return name.into();
        }
        if kind == many && many != 0 {
            return format!("{name}[]").into();
        }
    }
    format!("oid {kind}").into()
}

/// Which format the value at this place has, when a list says it: none is text, one is for all.
pub(super) fn format_of(formats: &[i16], at: usize) -> Option<i16> {
    match formats {
        [] => None,
        [all] => Some(*all),
        each => each.get(at).copied(),
    }
}

/// A value as text. `length` is how long it really is, where not all of it was kept.
pub(super) fn value(kind: u32, format: i16, bytes: &[u8], length: usize) -> Value {
    let whole = bytes.len() == length && length <= VALUE;
    let text = if format == 1 && whole { binary(kind, bytes) } else { None };
    let plain = || {
        if format == 1 && !is_text(kind) {
            let cut = &bytes[..bytes.len().min(VALUE / 2)];
            let rest = if cut.len() < length { "…" } else { "" };
            return shown::hexadecimal(cut) + rest;
        }
        shown::text(bytes, length as u64, VALUE)
    };
    text.unwrap_or_else(plain).into()
}

/// Whether a type is sent in binary as in text.
fn is_text(kind: u32) -> bool {
    matches!(kind, 18 | 19 | 25 | 114 | 142 | 705 | 1042 | 1043)
}

/// A value in binary, when its type is known and its length is that of the type.
fn binary(kind: u32, bytes: &[u8]) -> Option<String> {
    if is_text(kind) {
        return Some(shown::whole(bytes, VALUE));
    }
    if NAMES.iter().any(|(_, many, _)| *many == kind && *many != 0) {
        return array(bytes);
    }
    let mut body = Reader(bytes);
    let text = match kind {
        16 => (if body.u8()? == 0 { "f" } else { "t" }).to_owned(),
        17 => return Some(shown::hexadecimal(&bytes[..bytes.len().min(VALUE)])),
        20 => body.i64()?.to_string(),
        21 => body.i16()?.to_string(),
        23 => body.i32()?.to_string(),
        24 | 26 | 28 => body.u32()?.to_string(),
        600 => format!("({},{})", number::double(body.array()?), number::double(body.array()?)),
        650 | 869 => return number::network(body),
        700 => number::single(body.array()?),
        701 => number::double(body.array()?),
        790 => number::money(body.i64()?),
        829 => {
            let digits = body.array::<6>()?.map(|byte| format!("{byte:02x}"));
            digits.join(":")
        }
        1082 => time::date(body.i32()?)?,
        1083 => time::of_day(body.i64()?)?,
        1114 => time::stamp(body.i64()?)?,
        1184 => time::stamp(body.i64()?)? + "+00",
        1186 => time::interval(body.i64()?, body.i32()?, body.i32()?),
        1700 => return number::numeric(body),
        2950 => number::uuid(body.array()?),
        // A version stands before the text.
        3802 => {
            body.u8().filter(|version| *version == 1)?;
            return std::str::from_utf8(body.0).ok().map(str::to_owned);
        }
        _ => return None,
    };
    body.0.is_empty().then_some(text)
}

/// An array: `{1,2,NULL}`. Those of several dimensions stay binary.
fn array(bytes: &[u8]) -> Option<String> {
    let mut body = Reader(bytes);
    let dimensions = body.i32()?;
    body.i32()?;
    let kind = body.u32()?;
    if dimensions == 0 {
        return Some("{}".to_owned());
    }
    if dimensions != 1 || NAMES.iter().all(|(one, _, _)| *one != kind) {
        return None;
    }
    let count = usize::try_from(body.i32()?).ok()?;
    body.i32()?;
    let mut shown = Vec::new();
    for _ in 0..count.min(ELEMENTS) {
        let Ok(length) = usize::try_from(body.i32()?) else {
            shown.push("NULL".to_owned());
            continue;
        };
        shown.push(quoted(binary(kind, body.bytes(length)?)?));
    }
    if count > ELEMENTS {
        shown.push("…".to_owned());
    }
    Some(format!("{{{}}}", shown.join(",")))
}

/// An element as the server writes it: in quotes where it would be misread.
fn quoted(text: String) -> String {
    let odd = |letter: char| matches!(letter, '{' | '}' | ',' | '"' | '\\') || letter.is_whitespace();
    if !text.is_empty() && !text.contains(odd) && !text.eq_ignore_ascii_case("null") {
        return text;
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_types_in_binary_read_as_the_server_writes_them() {
        let rows: [(u32, &[u8], &str); 32] = [
            (16, &[1], "t"),
            (17, b"\x00\xff", "\\x00ff"),
            (20, &(-7i64).to_be_bytes(), "-7"),
            (21, &300i16.to_be_bytes(), "300"),
            (23, &i32::MIN.to_be_bytes(), "-2147483648"),
            (25, "é".as_bytes(), "é"),
            (26, &[0xff; 4], "4294967295"),
            (700, &1.5f32.to_be_bytes(), "1.5"),
            (701, &f64::NEG_INFINITY.to_be_bytes(), "-Infinity"),
            (701, &0.1f64.to_be_bytes(), "0.1"),
            (790, &(-123_456i64).to_be_bytes(), "-1234.56"),
            (829, &[8, 0, 0x2b, 1, 2, 3], "08:00:2b:01:02:03"),
            (869, &[2, 32, 0, 4, 127, 0, 0, 1], "127.0.0.1"),
            (650, &[2, 8, 1, 4, 10, 0, 0, 0], "10.0.0.0/8"),
            (1082, &0i32.to_be_bytes(), "2000-01-01"),
            (1082, &(-36_525i32).to_be_bytes(), "1899-12-31"),
            (1083, &45_296_000_001i64.to_be_bytes(), "12:34:56.000001"),
            (1114, &0i64.to_be_bytes(), "2000-01-01 00:00:00"),
            (1114, &i64::MAX.to_be_bytes(), "infinity"),
            (1184, &(-1i64).to_be_bytes(), "1999-12-31 23:59:59.999999+00"),
            (
                1186,
                &[&3_661_000_000i64.to_be_bytes()[..], &[0, 0, 0, 2, 0, 0, 0, 14]].concat(),
                "14 mons 2 days 01:01:01",
            ),
            (1700, &[0, 2, 0, 0, 0, 0, 0, 2, 0, 12, 13, 72], "12.34"),
            (1700, &[0, 1, 0, 1, 0x40, 0, 0, 0, 0, 5], "-50000"),
            (1700, &[0, 1, 0xff, 0xfe, 0, 0, 0, 6, 0, 7], "0.000000"),
            (1700, &[0, 0, 0, 0, 0xc0, 0, 0, 0], "NaN"),
            (1700, &[0, 0, 0, 0, 0, 0, 0, 3], "0.000"),
            (2950, &[0x11; 16], "11111111-1111-1111-1111-111111111111"),
            (3802, b"\x01{\"a\": 1}", "{\"a\": 1}"),
            (
                1007,
                &[
                    0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9,
                    0xff, 0xff, 0xff, 0xff,
                ],
                "{9,NULL}",
            ),
            (
                1009,
                &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, b'a', b' ', b'"'],
                "{\"a \\\"\"}",
            ),
            (1009, &[0; 12], "{}"),
            // A length that is not that of the type is shown as it came.
            (23, &[1, 2], "\\x0102"),
        ];
        for (kind, bytes, expected) in rows {
            assert_eq!(value(kind, 1, bytes, bytes.len()), expected, "{} {bytes:?}", name(kind));
        }
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = vec![b'a'; 4000];
        assert_eq!(value(25, 0, &long, 4000), format!("{}…", "a".repeat(VALUE)));
        assert_eq!(value(25, 0, b"ab", 9), "ab…");
        assert_eq!(value(17, 1, &[0; 2], 9), "\\x0000…");
    }

    #[test]
    fn numbers_of_types_have_names() {
        for (kind, expected) in [(23, "int4"), (1007, "int4[]"), (0, "oid 0"), (16_385, "oid 16385")] {
            assert_eq!(name(kind), expected);
        }
    }
}

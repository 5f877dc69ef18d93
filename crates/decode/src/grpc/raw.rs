//! Protocol Buffers without descriptors: the numbers of fields, how they are written, and what they seem to be.

use serde_json::{Value, json};

use crate::{reader::Reader, shown};

/// How deep messages are looked for in each other.
const DEPTH: usize = 16;
/// How many fields are shown.
const FIELDS: usize = 1024;
/// How much of one field is shown.
const FIELD: usize = 4 << 10;

/// The fields of a message, in their order. `None` when it is none.
pub(super) fn fields(bytes: &[u8]) -> Option<Value> {
    let mut left = FIELDS;
    message(bytes, DEPTH, &mut left)
}

fn message(bytes: &[u8], depth: usize, left: &mut usize) -> Option<Value> {
    let (mut body, mut fields) = (Reader(bytes), Vec::new());
    while !body.0.is_empty() {
        let key = varint(&mut body)?;
        let number = key >> 3;
        if number == 0 || number >= 1 << 29 {
            return None;
        }
        let (kind, value) = match key & 7 {
            0 => ("varint", varint(&mut body)?.into()),
            1 => ("fixed64", u64::from_le_bytes(body.array()?).into()),
            2 => {
                let length = usize::try_from(varint(&mut body)?).ok()?;
                delimited(body.bytes(length)?, depth, left)
            }
            5 => ("fixed32", u32::from_le_bytes(body.array()?).into()),
            // Groups are gone from the language since its third version.
            _ => return None,
        };
        *left = left.checked_sub(1)?;
        fields.push(json!({"field": number, "type": kind, "value": value}));
    }
    Some(fields.into())
}

/// What has a length: text where every letter of it can be shown, else a message where it reads as one, else bytes. The
/// bias is towards text, since a short text often reads as a message too.
fn delimited(bytes: &[u8], depth: usize, left: &mut usize) -> (&'static str, Value) {
    let shown =
        |text: &str| text.chars().all(|letter| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r'));
    let binary = bytes.first().is_some_and(|first| matches!(first, b'\t' | b'\n' | b'\r'));
    let text = std::str::from_utf8(bytes).ok().filter(|text| shown(text));
    if text.is_some() && !binary {
        return ("text", shown::value(bytes, FIELD));
    }
    if depth > 0 && !bytes.is_empty() {
        let mut rest = *left;
        if let Some(fields) = message(bytes, depth - 1, &mut rest) {
            *left = rest;
            return ("message", fields);
        }
    }
    match text {
        Some(_) => ("text", shown::value(bytes, FIELD)),
        None => {
            let cut = if bytes.len() > FIELD / 2 { "…" } else { "" };
            ("bytes", (shown::hexadecimal(&bytes[..bytes.len().min(FIELD / 2)]) + cut).into())
        }
    }
}

pub(super) fn varint(body: &mut Reader<'_>) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = body.u8()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_shown_as_what_they_seem() {
        let field =
            |field: u64, kind: &str, value: Value| json!({"field": field, "type": kind, "value": value});
        let rows: [(&[u8], Option<Value>); 11] = [
            (b"", Some(json!([]))),
            (b"\x08\x96\x01", Some(json!([field(1, "varint", 150.into())]))),
            (b"\x12\x07testing", Some(json!([field(2, "text", "testing".into())]))),
            (
                b"\x1a\x03\x08\x96\x01",
                Some(json!([field(3, "message", json!([field(1, "varint", 150.into())]))])),
            ),
            (
                b"\x0a\x04\x0a\x02hi",
                Some(json!([field(1, "message", json!([field(1, "text", "hi".into())]))])),
            ),
            (b"\x0a\x02\xff\xfe", Some(json!([field(1, "bytes", "\\xfffe".into())]))),
            (
                b"\x0d\x01\0\0\0\x11\x02\0\0\0\0\0\0\0",
                Some(json!([field(1, "fixed32", 1.into()), field(2, "fixed64", 2.into())])),
            ),
            (
                b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                Some(json!([field(1, "varint", u64::MAX.into())])),
            ),
            (b"\x08", None),
            (b"\0\x01", None),
            (b"\x0a\x09short", None),
        ];
        for (bytes, expected) in rows {
            assert_eq!(fields(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let mut deep = Vec::new();
        for _ in 0..60 {
            deep = [&[0x0a, u8::try_from(deep.len()).unwrap()][..], &deep].concat();
        }
        assert!(fields(&deep).is_some_and(|fields| fields.to_string().matches("message").count() == DEPTH));
        assert_eq!(fields(&b"\x08\x01".repeat(FIELDS + 1)), None);
    }
}

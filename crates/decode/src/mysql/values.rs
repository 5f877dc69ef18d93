//! Values of rows and parameters as text: those in binary as a server would write them.

use serde_json::Value;

use super::{COLUMNS, VALUE, column::Column, wire};
use crate::{reader::Reader, shown};

/// The flag of a parameter that has no sign.
const UNSIGNED: u8 = 0x80;

/// A row of texts.
pub(super) fn texts(body: &[u8]) -> Vec<Value> {
    let (mut body, mut row) = (Reader(body), Vec::new());
    while !body.0.is_empty() && row.len() < COLUMNS {
        if body.0[0] == 0xfb {
            body.u8();
            row.push(Value::Null);
            continue;
        }
        let Some((text, size)) = wire::text(&mut body) else { break };
        row.push(shown::text(text, size, VALUE).into());
    }
    row
}

/// A row in binary: nulls are marked before the values, two bits late.
pub(super) fn binary(body: &[u8], columns: &[Column]) -> Vec<Value> {
    let mut body = Reader(body);
    body.u8();
    let Some(nulls) = body.bytes((columns.len() + 9) / 8) else { return Vec::new() };
    let mut row = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        if is_null(nulls, at + 2) {
            row.push(Value::Null);
            continue;
        }
        let Some(value) = value(column.kind, column.unsigned, &mut body) else { break };
        row.push(value);
    }
    row
}

/// Whether this bit is set.
pub(super) fn is_null(nulls: &[u8], at: usize) -> bool {
    nulls.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
}

/// The value of a parameter, whose type has a flag beside it.
pub(super) fn parameter(kind: [u8; 2], body: &mut Reader<'_>) -> Option<Value> {
    value(kind[0], kind[1] & UNSIGNED != 0, body)
}

/// A value in binary. `None` when it is not all here, or of a type that is not known: then nothing behind it can be read.
fn value(kind: u8, unsigned: bool, body: &mut Reader<'_>) -> Option<Value> {
    let text = match kind {
        1 if unsigned => body.u8()?.to_string(),
        1 => i8::from_le_bytes(body.array()?).to_string(),
        2 | 13 if unsigned => wire::u16(body)?.to_string(),
        2 | 13 => i16::from_le_bytes(body.array()?).to_string(),
        3 | 9 if unsigned => wire::u32(body)?.to_string(),
        3 | 9 => i32::from_le_bytes(body.array()?).to_string(),
        8 if unsigned => u64::from_le_bytes(body.array()?).to_string(),
        8 => i64::from_le_bytes(body.array()?).to_string(),
        4 => f32::from_le_bytes(body.array()?).to_string(),
        5 => f64::from_le_bytes(body.array()?).to_string(),
        6 => return Some(Value::Null),
        7 | 10 | 12 | 14 => moment(kind, body)?,
        11 => duration(body)?,
        0 | 15 | 16 | 245..=255 => {
            let (text, size) = wire::text(body)?;
            shown::text(text, size, VALUE)
        }
        _ => return None,
    };
    Some(text.into())
}

/// A length, and as many parts of a date and a time as are not zero.
fn moment(kind: u8, body: &mut Reader<'_>) -> Option<String> {
    let length = body.u8()?;
    let mut body = Reader(body.bytes(length.into())?);
    let date = match length {
        0 => "0000-00-00".to_owned(),
        _ => format!("{:04}-{:02}-{:02}", wire::u16(&mut body)?, body.u8()?, body.u8()?),
    };
    if matches!(kind, 10 | 14) {
        return Some(date);
    }
    Some(format!("{date} {}", clock(0, &mut body)?))
}

/// A length, a sign, days, and a time.
fn duration(body: &mut Reader<'_>) -> Option<String> {
    let length = body.u8()?;
    let mut body = Reader(body.bytes(length.into())?);
    if length == 0 {
        return Some("00:00:00".to_owned());
    }
    let sign = if body.u8()? == 0 { "" } else { "-" };
    let days = wire::u32(&mut body)?;
    Some(format!("{sign}{}", clock(u64::from(days) * 24, &mut body)?))
}

fn clock(hours: u64, body: &mut Reader<'_>) -> Option<String> {
    if body.0.is_empty() {
        return Some(format!("{hours:02}:00:00"));
    }
    let time = format!("{:02}:{:02}:{:02}", hours + u64::from(body.u8()?), body.u8()?, body.u8()?);
    Some(match wire::u32(body) {
        Some(micros) => format!("{time}.{micros:06}"),
        None => time,
    })
}

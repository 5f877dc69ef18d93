//! A body as a person reads it: JSON indented, text as it is, anything else as bytes in hexadecimal.
//!
//! Bodies may be long, so whoever shows one is handed a line at a time. Deliberately absent: encodings, which the hub has
//! taken off already.

use std::{borrow::Cow, convert::Infallible};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use navyd_model::exchange::Body;

use super::json;

/// How many bytes a line of hexadecimal has.
const ROW: usize = 16;

/// The lines of a body, without what is kept of none.
pub(super) fn lines(body: &Body) -> Vec<String> {
    content(body.text.as_deref(), body.base64.as_deref())
}

/// The lines of a text, or of what Base64 holds.
pub(super) fn content(text: Option<&str>, base64: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    let Ok(()) = each(text, base64, |line| {
        lines.push(line.to_owned());
        Ok::<_, Infallible>(())
    });
    lines
}

/// A text in lines; JSON indented.
pub(super) fn readable(text: &str) -> Vec<String> {
    content(Some(text), None)
}

/// Hands over each line of a text, or of what Base64 holds.
///
/// # Errors
/// What whoever takes them says.
pub(super) fn each<E>(
    text: Option<&str>,
    base64: Option<&str>,
    mut take: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    match (text, base64) {
        (Some(text), _) => {
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            match json::indented(text.trim()) {
                Some(json) => json.lines().try_for_each(take),
                None => text.lines().try_for_each(|line| take(&untabbed(line))),
            }
        }
        (None, Some(base64)) => match STANDARD.decode(base64) {
            Ok(bytes) => bytes.chunks(ROW).enumerate().try_for_each(|(at, row)| take(&hexadecimal(at, row))),
            Err(_) => take(base64),
        },
        (None, None) => Ok(()),
    }
}

fn untabbed(line: &str) -> Cow<'_, str> {
    if line.contains('\t') { line.replace('\t', "    ").into() } else { line.into() }
}

/// Offset, bytes and what of them can be printed, as `xxd` and `hexdump -C` show them.
fn hexadecimal(at: usize, row: &[u8]) -> String {
    let hex: String = row
        .iter()
        .enumerate()
        .map(|(at, byte)| format!("{}{byte:02x}", if at == ROW / 2 { "  " } else { " " }))
        .collect();
    let seen = |byte: &u8| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' };
    let text: String = row.iter().map(seen).collect();
    format!("{:08x} {hex:<width$}  {text}", at * ROW, width = ROW * 3 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_and_nothing_of_it_changes() {
        for (text, expected) in [
            ("{\"a\":1.10,\"b\":[ ],\"c\":{}}", "{\n  \"a\": 1.10,\n  \"b\": [],\n  \"c\": {}\n}"),
            ("[1,{\"a\":\"x, {y\\\"]\"}]", "[\n  1,\n  {\n    \"a\": \"x, {y\\\"]\"\n  }\n]"),
            (" [ 1 ,\n 2 ] ", "[\n  1,\n  2\n]"),
            ("{\"n\":12345678901234567890.5e1}", "{\n  \"n\": 12345678901234567890.5e1\n}"),
            ("{\"a\":\"\\\\\"}", "{\n  \"a\": \"\\\\\"\n}"),
            ("{not json}", "{not json}"),
            ("plain\n\ttext", "plain\n    text"),
            ("12", "12"),
            ("\u{feff}[1]", "[\n  1\n]"),
        ] {
            assert_eq!(readable(text).join("\n"), expected, "{text}");
        }
    }

    #[test]
    fn other_bytes_are_hexadecimal() {
        let body =
            Body { base64: Some(STANDARD.encode(b"\x00\x01hello, world\xff\xfeA")), ..Body::default() };
        assert_eq!(
            lines(&body),
            [
                "00000000  00 01 68 65 6c 6c 6f 2c  20 77 6f 72 6c 64 ff fe  ..hello, world..",
                "00000010  41                                                A",
            ]
        );
        assert_eq!(lines(&Body::default()), Vec::<String>::new());
    }
}

//! A body as a person reads it: JSON indented, text as it is, anything else as bytes in hexadecimal.
//!
//! Deliberately absent: encodings, which the hub has taken off already.

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
    match (text, base64) {
        (Some(text), _) => readable(text),
        (None, Some(base64)) => match STANDARD.decode(base64) {
            Ok(bytes) => hexadecimal(&bytes),
            Err(_) => vec![base64.to_owned()],
        },
        (None, None) => Vec::new(),
    }
}

/// A text in lines; JSON indented.
pub(super) fn readable(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match json::indented(text.trim()) {
        Some(json) => json.lines().map(str::to_owned).collect(),
        None => text.lines().map(|line| line.replace('\t', "    ")).collect(),
    }
}

/// Offset, bytes and what of them can be printed, as `xxd` and `hexdump -C` show them.
fn hexadecimal(bytes: &[u8]) -> Vec<String> {
    let row = |(at, row): (usize, &[u8])| {
        let hex: String = row
            .iter()
            .enumerate()
            .map(|(at, byte)| format!("{}{byte:02x}", if at == ROW / 2 { "  " } else { " " }))
            .collect();
        let seen = |byte: &u8| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' };
        let text: String = row.iter().map(seen).collect();
        format!("{:08x} {hex:<width$}  {text}", at * ROW, width = ROW * 3 + 1)
    };
    bytes.chunks(ROW).enumerate().map(row).collect()
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

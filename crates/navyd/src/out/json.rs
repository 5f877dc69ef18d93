//! JSON that is lossless and cannot act on a terminal.
//!
//! Written straight into the stream, never built as a tree. What `escape` makes visible in tables is written as
//! `\u…` here (RFC 8259 §7 allows that for any character), so that a document can be looked at safely and still
//! parses to the exact text. One line into a pipe, indented on a terminal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::escape::is_unsafe;

/// Writes one document and a line break: indented when `pretty`, else on one line.
pub(crate) fn write(sink: &mut dyn Write, value: &impl Serialize, pretty: bool) -> io::Result<()> {
    if pretty {
        value.serialize(&mut Serializer::with_formatter(&mut *sink, Careful(PrettyFormatter::new())))?;
    } else {
        value.serialize(&mut Serializer::with_formatter(&mut *sink, Careful(CompactFormatter)))?;
    }
    sink.write_all(b"\n")
}

/// Lays out as the formatter inside does, and escapes more.
struct Careful<F>(F);

/// Hands each layout call on to the formatter inside.
macro_rules! hand_on {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $arg: $type)*) -> io::Result<()> {
            self.0.$name(writer $(, $arg)*)
        })*
    };
}

impl<F: Formatter> Formatter for Careful<F> {
    hand_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| is_unsafe(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &impl Serialize, pretty: bool) -> String {
        let mut sink = Vec::new();
        write(&mut sink, value, pretty).unwrap();
        String::from_utf8(sink).unwrap()
    }

    #[test]
    fn every_text_survives_and_none_acts() {
        let every: String = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        for pretty in [false, true] {
            let json = written(&[&every], pretty);
            assert!(!json.trim_matches(['\n', ' ']).replace(['\n', ' '], "").chars().any(is_unsafe));
            assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [every.as_str()]);
        }
    }

    #[test]
    fn layout() {
        let value = serde_json::json!({"a": [1, "x\u{202e}\u{e0041}"], "b": null});
        assert_eq!(written(&value, false), "{\"a\":[1,\"x\\u202e\\udb40\\udc41\"],\"b\":null}\n");
        let pretty = "{\n  \"a\": [\n    1,\n    \"x\\u202e\\udb40\\udc41\"\n  ],\n  \"b\": null\n}\n";
        assert_eq!(written(&value, true), pretty);
    }
}

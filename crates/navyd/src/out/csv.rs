//! Comma-separated values (RFC 4180), safe to open.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, and a process may call itself
//! `=HYPERLINK(…)`. Such a cell gets an apostrophe in front, which spreadsheets take as "text", and control
//! characters are escaped as on a terminal. So a file is safe but not lossless: that is what `--json` is for.

use std::io::{self, Write};

use super::escape::escape;

/// Writes one record.
///
/// RFC 4180 §2.1: "Each record is located on a separate line, delimited by a line break (CRLF)."
pub(crate) fn record<'a>(sink: &mut dyn Write, fields: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            sink.write_all(b",")?;
        }
        sink.write_all(quote(field).as_bytes())?;
    }
    sink.write_all(b"\r\n")
}

fn quote(field: &str) -> String {
    let mut text = escape(field).into_owned();
    if text.starts_with(['=', '+', '-', '@']) {
        text.insert(0, '\'');
    }
    // RFC 4180 §2.6: "Fields containing line breaks (CRLF), double quotes, and commas should be enclosed in
    // double-quotes." Line breaks have been escaped above.
    if text.contains(['"', ',']) {
        text = format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        for (field, expected) in [
            ("node", "node"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("@SUM(A1,A2)", "\"'@SUM(A1,A2)\""),
            ("-5", "'-5"),
            ("a\r\nb", "a\\r\\nb"),
            ("\t=1", "\\t=1"),
        ] {
            assert_eq!(quote(field), expected, "{field:?}");
        }
    }

    #[test]
    fn a_record_is_one_line() {
        let mut line = Vec::new();
        record(&mut line, ["tcp", "a,b", ""]).unwrap();
        assert_eq!(line, b"tcp,\"a,b\",\r\n");
    }
}

//! Values, written.

use std::fmt::Write as _;

use super::Json;

impl Json<'_> {
    /// Over several lines, names in order, with a line end.
    pub(crate) fn pretty(&self) -> String {
        let mut out = String::with_capacity(512);
        self.write(Some(0), &mut out);
        out.push('\n');
        out
    }

    /// In one line, names as they stand, with a line end.
    pub(crate) fn line(&self) -> String {
        let mut out = String::with_capacity(512);
        self.write(None, &mut out);
        out.push('\n');
        out
    }

    /// `level`: how deep it stands; `None` where all is one line.
    fn write(&self, level: Option<usize>, out: &mut String) {
        let inner = level.map(|level| level + 1);
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => write_text(text, out),
            Self::Written(text) => out.push_str(text),
            Self::List(values) if values.is_empty() => out.push_str("[]"),
            Self::Map(values) if values.is_empty() => out.push_str("{}"),
            Self::List(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    between(at, inner, out);
                    value.write(inner, out);
                }
                end(level, out);
                out.push(']');
            }
            Self::Map(values) => {
                out.push('{');
                let mut values: Vec<_> = values.iter().collect();
                if level.is_some() {
                    values.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                for (at, (name, value)) in values.into_iter().enumerate() {
                    between(at, inner, out);
                    write_text(name, out);
                    out.push_str(": ");
                    value.write(inner, out);
                }
                end(level, out);
                out.push('}');
            }
        }
    }
}

fn between(at: usize, level: Option<usize>, out: &mut String) {
    match (at, level) {
        (0, None) => {}
        (_, None) => out.push_str(", "),
        (0, level) => end(level, out),
        (_, level) => {
            out.push(',');
            end(level, out);
        }
    }
}

/// A new line of that level.
fn end(level: Option<usize>, out: &mut String) {
    if let Some(level) = level {
        out.push('\n');
        (0..level).for_each(|_| out.push_str("  "));
    }
}

/// Writes a text, in quotes.
pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    write_letters(text, out);
    out.push('"');
}

/// Writes what stands between the quotes.
pub(super) fn write_letters(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='\u{7e}' => out.push(letter),
            letter => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn names_are_in_order_and_all_is_ascii() {
        let pairs = [("b", "1"), ("a", "é\u{1f600}"), ("b", "\"\\\n\u{1}\u{7f}")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let json = Json::map([
            ("y", Json::multi(&pairs)),
            ("x", Json::Null),
            ("z", Json::List(vec![Json::Map(vec![]), Json::List(vec![]), true.into()])),
        ]);
        assert_eq!(
            json.pretty(),
            r#"{
  "x": null,
  "y": {
    "a": "\u00e9\ud83d\ude00",
    "b": [
      "1",
      "\"\\\n\u0001\u007f"
    ]
  },
  "z": [
    {},
    [],
    true
  ]
}
"#
        );
        assert_eq!(Json::map([("b", "1".into()), ("a", Json::Null)]).line(), "{\"b\": \"1\", \"a\": null}\n");
    }
}

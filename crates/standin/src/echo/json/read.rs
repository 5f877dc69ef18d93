//! Values, read as Python reads them: what it takes for JSON and the standard does not, `NaN` above all, is read too.

use super::{Json, write::write_letters};

/// How deep values may be in one another. Python stops somewhere below 1000; deeper is taken for no JSON.
const DEPTH: usize = 256;

/// The most digits of a whole number, as Python has it against long conversions.
const DIGITS: usize = 4300;

/// The most bytes that may be between values where each has a line of its own: many short ones that stand deep would
/// need a thousand times as much as they came with. More is taken for no JSON.
const BETWEEN: usize = 64 * 1024 * 1024;

/// The value that the text is; `None` where it is none.
pub(crate) fn read(text: &str) -> Option<Json<'static>> {
    let mut reader = Reader { text, at: 0, between: 0 };
    let value = reader.value(0)?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How many bytes will be between the values that were read.
    between: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Json<'static>> {
        self.between += 2 * depth + 2;
        if depth > DEPTH || self.between > BETWEEN {
            return None;
        }
        self.space();
        for (word, value) in [("null", Json::Null), ("true", true.into()), ("false", false.into())] {
            if self.takes(word) {
                return Some(value);
            }
        }
        for word in ["NaN", "Infinity", "-Infinity"] {
            if self.takes(word) {
                return Some(Json::Number(word.into()));
            }
        }
        match self.peek()? {
            b'"' => self.string().map(|text| text.written.map_or(Json::from(text.read), Json::Written)),
            b'[' => self.list(depth),
            b'{' => self.map(depth),
            _ => self.number(),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json<'static>> {
        let mut values = Vec::new();
        self.at += 1;
        self.space();
        if self.takes("]") {
            return Some(Json::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            self.space();
            if self.takes("]") {
                return Some(Json::List(values));
            }
            self.takes(",").then_some(())?;
        }
    }

    fn map(&mut self, depth: usize) -> Option<Json<'static>> {
        let mut values = std::collections::BTreeMap::new();
        self.at += 1;
        self.space();
        if !self.takes("}") {
            loop {
                self.space();
                let name = if self.peek()? == b'"' { self.string()?.read } else { return None };
                self.space();
                self.takes(":").then_some(())?;
                // Of several values with one name the last counts.
                values.insert(name, self.value(depth + 1)?);
                self.space();
                if self.takes("}") {
                    break;
                }
                self.takes(",").then_some(())?;
            }
        }
        Some(Json::Map(values.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }

    fn string(&mut self) -> Option<Text> {
        let mut text = Text::default();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|letter: char| letter < ' ' || letter == '"' || letter == '\\')?;
            text.push(&rest[..plain]);
            self.at += plain + 1;
            match rest.as_bytes()[plain] {
                b'"' => {
                    text.written.iter_mut().for_each(|written| written.push('"'));
                    return Some(text);
                }
                b'\\' => match self.escape()? {
                    Ok(letter) => text.push(letter.encode_utf8(&mut [0; 4])),
                    Err(half) => text.push_half(half),
                },
                _ => return None,
            }
        }
    }

    /// What a backslash says together with what is behind it; an error is half of a surrogate pair.
    fn escape(&mut self) -> Option<Result<char, u32>> {
        let byte = self.peek()?;
        self.at += 1;
        Some(Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                let before = self.at;
                let low =
                    if (0xd800..0xdc00).contains(&first) && self.takes("\\u") { self.unit() } else { None };
                match low {
                    Some(low @ 0xdc00..0xe000) => {
                        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00))?
                    }
                    _ => {
                        self.at = before;
                        return Some(char::from_u32(first).ok_or(first));
                    }
                }
            }
            _ => return None,
        }))
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Option<Json<'static>> {
        let start = self.at;
        self.takes("-");
        if !self.takes("0") {
            self.digits()?;
        }
        let whole = self.at;
        let behind = self.at;
        if self.takes(".") && self.digits().is_none() {
            self.at = behind;
        }
        let behind = self.at;
        if self.takes("e") || self.takes("E") {
            let _ = self.takes("+") || self.takes("-");
            if self.digits().is_none() {
                self.at = behind;
            }
        }
        let text = &self.text[start..self.at];
        if self.at > whole {
            return text.parse().ok().map(|number| Json::Number(float(number).into()));
        }
        let text = if text == "-0" { "0" } else { text };
        (text.len() <= DIGITS).then(|| Json::Number(text.to_owned().into()))
    }

    fn digits(&mut self) -> Option<()> {
        let digits = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits;
        (digits > 0).then_some(())
    }

    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn takes(&mut self, word: &str) -> bool {
        let is = self.text[self.at..].starts_with(word);
        if is {
            self.at += word.len();
        }
        is
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// A text. Python keeps the halves of a surrogate pair, which no text of ours can hold: one that has any is kept as it
/// is written.
#[derive(Default)]
struct Text {
    /// With U+FFFD for each half.
    read: String,
    /// With the quote that begins it.
    written: Option<String>,
}

impl Text {
    fn push(&mut self, letters: &str) {
        self.read.push_str(letters);
        if let Some(written) = &mut self.written {
            write_letters(letters, written);
        }
    }

    fn push_half(&mut self, half: u32) {
        let written = self.written.get_or_insert_with(|| {
            let mut written = String::from("\"");
            write_letters(&self.read, &mut written);
            written
        });
        written.push_str(&format!("\\u{half:04x}"));
        self.read.push(char::REPLACEMENT_CHARACTER);
    }
}

/// A number as Python writes it: as few digits as tell it apart from all others, and an exponent of two digits.
fn float(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let text = format!("{number:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |exponent| ("-", exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn texts_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("1", Some("1")),
            ("-0", Some("0")),
            (" [ ] ", Some("[]")),
            ("123456789012345678901234567890", Some("123456789012345678901234567890")),
            (
                "[1.50, 1e5, 1E-5, 1e16, 1e400, -1e400, -0.0, 0.0001]",
                Some("[1.5, 100000.0, 1e-05, 1e+16, Infinity, -Infinity, -0.0, 0.0001]"),
            ),
            ("[NaN,Infinity,-Infinity]", Some("[NaN, Infinity, -Infinity]")),
            (r#"{"b": 1, "a": {}, "b": 2}"#, Some(r#"{"a": {}, "b": 2}"#)),
            (r#""\ud83d\ude00\u00e9\/\n\ud800x""#, Some(r#""\ud83d\ude00\u00e9/\n\ud800x""#)),
            (r#"{"\udc00": "a\udc00\ud800\"é"}"#, Some(r#"{"\ufffd": "a\udc00\ud800\"\u00e9"}"#)),
            ("", None),
            ("01", None),
            ("1.", None),
            ("+1", None),
            ("[1,]", None),
            ("{\"a\":1,}", None),
            ("{a:1}", None),
            ("\"\n\"", None),
            ("\"\\x\"", None),
            ("\"\\u12é\"", None),
            ("nul", None),
            ("1 2", None),
            ("\"", None),
        ] {
            let written = read(text).map(|json| json.line().trim_end().to_owned());
            assert_eq!(written.as_deref(), expected, "{text}");
        }
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(&deep(200)).is_some() && read(&deep(100_000)).is_none());
        let many = |depth, count| "[".repeat(depth) + &"1,".repeat(count) + "1" + &"]".repeat(depth);
        assert!(read(&many(250, 100_000)).is_some() && read(&many(250, 1_000_000)).is_none());
    }
}

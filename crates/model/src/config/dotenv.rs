//! `.env` files: variables, one a line.
//!
//! `KEY=VALUE`, with `export` in front or not. A value without quotes ends at ` #` or at the end of the line, and
//! is trimmed; in single quotes everything is itself; in double quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` mean what
//! they do in C or a shell, and the text may go on over several lines, as keys in PEM do. Deliberately absent:
//! interpolation. A `$` is a `$`, since the programs that read such files disagree on anything else.

use super::{
    LARGEST,
    mistake::{Mistake, Source},
};

/// A variable and its value.
pub type Variable = (String, String);

/// Reads a `.env` file; `file` is its name in mistakes. The last value of a name wins, at the place of its first.
///
/// # Errors
/// Every line that is none of a variable, a comment or nothing.
pub fn read(file: &str, text: &str) -> Result<Vec<Variable>, Vec<Mistake>> {
    let mut source = Source::secret(file, text);
    let mut found: Vec<Variable> = Vec::new();
    let mut places = std::collections::HashMap::new();
    // A mark that some editors put in front of a text (U+FEFF).
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if text.len() > LARGEST {
        let what = format!("the file is larger than `{LARGEST}` bytes");
        source.mistake(&(0..0), what, "a file of variables", "ls -l .env");
        at = text.len();
    }
    while at < text.len() {
        let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        let line = &text[at..line_end];
        let trimmed = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        if trimmed.is_empty() || trimmed.starts_with('#') {
            at = line_end + 1;
            continue;
        }
        match variable(text, start, line_end) {
            Ok((name, value, end)) => {
                if value.contains('\0') {
                    source.mistake(&(start..end), format!("`{name}` has a zero byte in it"), "text", EXAMPLE);
                }
                match places.get(name) {
                    Some(place) => {
                        let known: &mut Variable = &mut found[*place];
                        known.1 = value;
                    }
                    None => {
                        places.insert(name, found.len());
                        found.push((name.to_owned(), value));
                    }
                }
                at = end + 1;
            }
            Err(wrong) => {
                source.mistake(&(wrong.at..line_end), wrong.what, wrong.expected, EXAMPLE);
                at = line_end + 1;
            }
        }
    }
    source.finish(found)
}

const EXAMPLE: &str = "NAME=\"value\"";

struct Wrong {
    at: usize,
    what: String,
    expected: &'static str,
}

/// The variable that begins at `start`, and where its last line ends: at its line end, or at the end of the text.
fn variable(text: &str, start: usize, line_end: usize) -> Result<(&str, String, usize), Wrong> {
    let wrong = |at, what: String, expected| Wrong { at, what, expected };
    let line = &text[start..line_end];
    let unexported = match line.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start_matches([' ', '\t']),
        _ => line,
    };
    let name_at = line_end - unexported.len();
    let Some((name, _)) = unexported.split_once('=') else {
        return Err(wrong(name_at, "a line has no `=`".to_owned(), "a variable, as in `NAME=value`"));
    };
    let value_at = name_at + name.len() + 1;
    let name = name.trim_end();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if name.is_empty() || !name.bytes().all(fits) || name.starts_with(|c: char| c.is_ascii_digit()) {
        // It may be the end of a key that spans lines.
        return Err(wrong(
            name_at,
            "what stands before `=` is no name of a variable".to_owned(),
            "letters, digits and `_`, with no digit first",
        ));
    }
    let line = &text[value_at..line_end];
    let value = line.trim_start_matches([' ', '\t']);
    let value_at = line_end - value.len();
    let quote = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        _ => {
            let comment = value.find(" #").or_else(|| value.find("\t#"));
            let comment = if value.starts_with('#') { Some(0) } else { comment };
            return Ok((name, value[..comment.unwrap_or(value.len())].trim().to_owned(), line_end));
        }
    };
    let Some((value, end)) = quoted(&text[value_at + 1..], quote) else {
        let what = format!("the text of `{name}` has no end");
        return Err(wrong(value_at, what, if quote == '"' { "a closing `\"`" } else { "a closing `'`" }));
    };
    let behind = value_at + 1 + end;
    let line_end = text[behind..].find('\n').map_or(text.len(), |end| behind + end);
    let rest = text[behind..line_end].trim();
    if !rest.is_empty() && !rest.starts_with('#') {
        let what = format!("more follows the text of `{name}`");
        return Err(wrong(behind, what, "nothing, or a comment"));
    }
    Ok((name, value, line_end))
}

/// The text up to the closing quote, and how far that and the quote reach.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            _ if char == quote => return Some((value, at + 1)),
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$' | '`') => value.push(escaped),
                // A shell keeps the backslash before anything else, as in `"C:\dir"`.
                other => value.extend(['\\', other]),
            },
            // A text over several lines has one kind of line end, whatever the file has.
            '\r' if text[at + 1..].starts_with('\n') => {}
            _ => value.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_they_look_like() {
        for (text, expected) in [
            ("A=1", &[("A", "1")][..]),
            ("A=1\nB=2\r\n\n# no\n  C = 3  ", &[("A", "1"), ("B", "2"), ("C", "3")]),
            ("export A=1\nexport\tB=2\nexported=3", &[("A", "1"), ("B", "2"), ("exported", "3")]),
            ("A=", &[("A", "")]),
            ("A= # nothing", &[("A", "")]),
            ("A=# nothing", &[("A", "")]),
            ("A=x # comment", &[("A", "x")]),
            ("A=x#y", &[("A", "x#y")]),
            ("A=a=b", &[("A", "a=b")]),
            ("A=\"x # y\" # z", &[("A", "x # y")]),
            ("A='x \\n $y \"'", &[("A", "x \\n $y \"")]),
            (r#"A="a\nb\t\"c\"\\ \$D \q""#, &[("A", "a\nb\t\"c\"\\ $D \\q")]),
            ("A=\"one\r\ntwo\"\nB=2", &[("A", "one\ntwo"), ("B", "2")]),
            ("A='one\ntwo'", &[("A", "one\ntwo")]),
            ("A=$HOME/${X}", &[("A", "$HOME/${X}")]),
            ("A=it's", &[("A", "it's")]),
            ("A=1\nB=2\nA=3", &[("A", "3"), ("B", "2")]),
            ("\u{feff}A=ü", &[("A", "ü")]),
            ("spring.name=x\nnpm-token=y", &[("spring.name", "x"), ("npm-token", "y")]),
            ("", &[]),
        ] {
            let found = read(".env", text).unwrap();
            let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn every_mistake_has_its_line() {
        let text = "A=1\nnonsense\n1B=2\nC=\"x\" y\n=3\nD=\"open\n";
        let mistakes = read("web/.env", text).unwrap_err();
        let found: Vec<_> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        assert_eq!(
            found,
            [
                "web/.env:2:1: a line has no `=`",
                "web/.env:3:1: what stands before `=` is no name of a variable",
                "web/.env:4:6: more follows the text of `C`",
                "web/.env:5:1: what stands before `=` is no name of a variable",
                "web/.env:6:3: the text of `D` has no end",
            ]
        );
        assert_eq!(mistakes[0].cause, "expected a variable, as in `NAME=value`");
    }

    #[test]
    fn mistakes_tell_no_secret() {
        let text = "KEY s3cret\ns3cret/x==\nA=\"s3cret\"s3cret\nB='s3cret\n";
        let mistakes = read(".env", text).unwrap_err();
        assert_eq!(mistakes.len(), 4);
        assert!(!format!("{mistakes:?}").contains("s3cret"), "{mistakes:?}");
    }
}

//! Words, literals and signs of a statement, as far as they tell which literal stands for what.
//!
//! Never refuses: what is not SQL becomes tokens too, and a literal without an end goes on to the end of the text.
//! Deliberately absent: what words mean, and which of two ways to read a backslash the server has been told.

use std::ops::Range;

use super::{Dialect, steps::Steps};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name.
    Word,
    /// A name in quotes.
    Name,
    /// What `"` encloses in MySQL: a literal, or a name where ANSI_QUOTES is set.
    Either,
    /// A literal that one sign encloses, which is doubled inside of it.
    Text,
    /// A literal between `$tag$` and `$tag$`.
    Dollar,
    /// A number, in any base.
    Number,
    /// `$7`, or the seventh `?`; 0 where the number is none.
    Parameter(u32),
    Open,
    Close,
    Comma,
    Semicolon,
    Dot,
    /// An operator, or any other sign.
    Sign,
    Comment,
}

/// A token, and what is inside of its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) all: Range<usize>,
    pub(super) inner: Range<usize>,
}

/// The tokens of a text. `escapes`: a backslash in `'…'` makes the next sign part of it.
pub(super) fn tokens(text: &str, dialect: Dialect, escapes: bool, steps: &Steps) -> Vec<Token> {
    let mut reading = Reading { text: text.as_bytes(), at: 0, dialect, escapes, parameters: 0, steps };
    let mut all = Vec::new();
    while let Some(token) = reading.next() {
        all.push(token);
    }
    all
}

/// What operators consist of.
const OPERATORS: &[u8] = b"=<>!~:|&-+*/%^#@?";

struct Reading<'a> {
    text: &'a [u8],
    at: usize,
    dialect: Dialect,
    escapes: bool,
    /// How many `?` there were.
    parameters: u32,
    steps: &'a Steps,
}

impl Reading<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            self.skip(|byte| byte.is_ascii_whitespace());
            let first = *self.text.get(self.at)?;
            if let Some(token) = self.step(first) {
                return Some(token);
            }
        }
    }

    /// The token that begins with this byte; `None` where what was passed over is none.
    fn step(&mut self, first: u8) -> Option<Token> {
        let start = self.at;
        let mysql = self.dialect == Dialect::Mysql;
        let token = match first {
            b'\'' => self.quoted(start, Kind::Text, self.escapes),
            b'"' if mysql => self.quoted(start, Kind::Either, self.escapes),
            b'"' => self.quoted(start, Kind::Name, false),
            b'`' if mysql => self.quoted(start, Kind::Name, false),
            b'#' if mysql => self.line(start + 1),
            b'-' if self.is_line_comment() => self.line(start + 2),
            b'/' if self.peek(1) == b'*' => return self.block(start),
            // What `/*!` began ends here, and was no comment.
            b'*' if mysql && self.peek(1) == b'/' => {
                self.at += 2;
                return None;
            }
            b'$' if !mysql && self.peek(1).is_ascii_digit() => {
                self.at += 1;
                self.skip(u8::is_ascii_digit);
                let digits = std::str::from_utf8(&self.text[start + 1..self.at]).ok();
                let number = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
                self.plain(start, Kind::Parameter(number))
            }
            b'$' if !mysql => self.dollar(start),
            b'?' if mysql => {
                self.parameters += 1;
                self.sign(Kind::Parameter(self.parameters))
            }
            b'(' => self.sign(Kind::Open),
            b')' => self.sign(Kind::Close),
            b',' => self.sign(Kind::Comma),
            b';' => self.sign(Kind::Semicolon),
            b'.' if !self.peek(1).is_ascii_digit() => self.sign(Kind::Dot),
            _ if first.is_ascii_digit() || first == b'.' => {
                self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
                self.plain(start, Kind::Number)
            }
            b'@' if mysql && (is_word(self.peek(1)) || self.peek(1) == b'@') => self.word(start),
            _ if is_word(first) => self.word(start),
            _ => self.operator(start),
        };
        Some(token)
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.steps.take(1);
        self.text.get(self.at + ahead).copied().unwrap_or_default()
    }

    fn skip(&mut self, is: impl Fn(&u8) -> bool) {
        let length = self.text[self.at..].iter().take_while(|byte| is(byte)).count();
        self.steps.take(length + 1);
        self.at += length;
    }

    fn plain(&self, start: usize, kind: Kind) -> Token {
        Token { kind, all: start..self.at, inner: start..self.at }
    }

    fn sign(&mut self, kind: Kind) -> Token {
        self.at += 1;
        self.plain(self.at - 1, kind)
    }

    /// A word, or a literal that it stands directly in front of: `E'…'`, `x'…'`, `_utf8'…'`.
    fn word(&mut self, start: usize) -> Token {
        self.skip(|byte| is_word(*byte) || matches!(byte, b'$' | b'@'));
        let word = &self.text[start..self.at];
        let escapes = self.escapes || word.eq_ignore_ascii_case(b"e");
        let leads = word.len() == 1 || word.first() == Some(&b'_');
        if leads && self.peek(0) == b'\'' {
            self.quoted(start, Kind::Text, escapes)
        } else {
            self.plain(start, Kind::Word)
        }
    }

    /// What the sign encloses that stands here; doubled it belongs to it.
    fn quoted(&mut self, start: usize, kind: Kind, escapes: bool) -> Token {
        let sign = self.peek(0);
        self.at += 1;
        let inner = self.at;
        while let Some(byte) = self.text.get(self.at) {
            self.steps.take(1);
            match *byte {
                b'\\' if escapes => self.at += 1,
                found if found == sign && self.peek(1) == sign => self.at += 1,
                found if found == sign => {
                    self.at += 1;
                    return Token { kind, all: start..self.at, inner: inner..self.at - 1 };
                }
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.text.len();
        Token { kind, all: start..self.at, inner: inner..self.at }
    }

    /// `$tag$ … $tag$`, where such a tag stands here.
    fn dollar(&mut self, start: usize) -> Token {
        self.at += 1;
        self.skip(|byte| is_word(*byte));
        if self.peek(0) != b'$' {
            self.at = start + 1;
            return self.plain(start, Kind::Sign);
        }
        self.at += 1;
        let (inner, tag) = (self.at, &self.text[start..self.at]);
        let end = memchr::memmem::find(&self.text[inner..], tag).map(|length| inner + length);
        self.at = end.map_or(self.text.len(), |end| end + tag.len());
        self.steps.take(self.at - start);
        Token { kind: Kind::Dollar, all: start..self.at, inner: inner..end.unwrap_or(self.at) }
    }

    /// PostgreSQL takes any `--` for a comment, MySQL only one with a space behind it.
    fn is_line_comment(&self) -> bool {
        self.peek(1) == b'-' && (self.dialect == Dialect::Postgres || self.peek(2) <= b' ')
    }

    fn line(&mut self, inner: usize) -> Token {
        let start = self.at;
        self.at = inner.min(self.text.len());
        self.skip(|byte| *byte != b'\n');
        Token { kind: Kind::Comment, all: start..self.at, inner: inner.min(self.at)..self.at }
    }

    /// `/* … */`, in which others may stand in PostgreSQL. What stands in `/*! … */` MySQL executes.
    fn block(&mut self, start: usize) -> Option<Token> {
        self.at += 2;
        let mysql = self.dialect == Dialect::Mysql;
        if mysql && (self.peek(0) == b'!' || self.peek(0) == b'M' && self.peek(1) == b'!') {
            self.skip(|byte| matches!(byte, b'!' | b'M') || byte.is_ascii_digit());
            return None;
        }
        let (inner, mut depth) = (self.at, 1_usize);
        while self.at < self.text.len() {
            match (self.peek(0), self.peek(1)) {
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Some(Token {
                            kind: Kind::Comment,
                            all: start..self.at,
                            inner: inner..self.at - 2,
                        });
                    }
                }
                (b'/', b'*') if !mysql => {
                    depth += 1;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        Some(Token { kind: Kind::Comment, all: start..self.at, inner: inner..self.at })
    }

    fn operator(&mut self, start: usize) -> Token {
        self.at += 1;
        // A comment, or the end of one that is executed, may stand directly behind an operator.
        let is_comment = |pair: &[u8]| matches!(pair, b"/*" | b"*/" | b"--");
        while self.text.get(self.at).is_some_and(|byte| OPERATORS.contains(byte))
            && !self.text.get(self.at..self.at + 2).is_some_and(is_comment)
        {
            self.steps.take(1);
            self.at += 1;
        }
        self.plain(start, Kind::Sign)
    }
}

/// Whether a byte may stand in a word. Letters of other scripts do.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each token as one letter for its kind, and what is inside of it.
    fn told(text: &str, dialect: Dialect, escapes: bool) -> String {
        let told = tokens(text, dialect, escapes, &Steps::of(text.len())).into_iter().map(|token| {
            let letter = match token.kind {
                Kind::Word => 'w',
                Kind::Name => 'n',
                Kind::Either => 'e',
                Kind::Text => 't',
                Kind::Dollar => 'd',
                Kind::Number => '1',
                Kind::Parameter(_) => 'p',
                Kind::Comment => 'c',
                _ => 's',
            };
            format!("{letter}{}", &text[token.inner])
        });
        told.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn statements_fall_into_their_tokens() {
        use Dialect::{Mysql, Postgres};
        for (text, dialect, escapes, expected) in [
            ("a.b='x''y'", Postgres, false, "wa|s.|wb|s=|tx''y"),
            ("E'a\\'b' x'ff' $1 $$a'b$$ $t$ $$ $t$", Postgres, false, "ta\\'b|tff|p$1|da'b|d $$ "),
            ("'a\\' c '", Postgres, false, "ta\\|wc|t"),
            ("'a\\' b'", Mysql, true, "ta\\' b"),
            ("\"n\"\"m\" \"s\\\"", Postgres, false, "nn\"\"m|ns\\"),
            ("\"s\" `n` ? 0xff 1.5e3 .5", Mysql, true, "es|nn|p?|10xff|11.5e3|1.5"),
            ("a--b\nc", Postgres, false, "wa|cb|wc"),
            ("5--3 -- c\n#d\n1", Mysql, true, "15|s--|13|c c|cd|11"),
            ("/* /* */ x */ a", Postgres, false, "c /* */ x |wa"),
            ("/* /* */ a /*!40101 b */ /*M!1 c*/", Mysql, true, "c /* |wa|wb|wc"),
            ("a=/*c*/'x'", Postgres, false, "wa|s=|cc|tx"),
            ("@@session.a=_utf8'x' 'u'@'h'", Mysql, true, "w@@session|s.|wa|s=|tx|tu|s@|th"),
            ("$a $ $", Postgres, false, "s$|wa|s$|s$"),
            ("j->>'a' @> '{}'", Postgres, false, "wj|s->>|ta|s@>|t{}"),
            ("'open", Postgres, false, "topen"),
            ("'open\\", Mysql, true, "topen\\"),
            ("$$open", Postgres, false, "dopen"),
            ("/*", Postgres, false, "c"),
            ("--", Postgres, false, "c"),
            ("größe=1", Postgres, false, "wgröße|s=|11"),
            ("", Postgres, false, ""),
        ] {
            assert_eq!(told(text, dialect, escapes), expected, "{text}");
        }
    }
}

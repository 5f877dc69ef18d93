//! Output cut into lines, whatever bytes it is made of.
//!
//! Pure. Deliberately absent: what lines mean, and colours, which stay as they are.

/// The longest line that is kept, in bytes.
pub(super) const LONGEST: usize = 16 * 1024;

/// Cuts one stream.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    line: Vec<u8>,
    /// How much of the line was left out.
    cut: usize,
}

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// At most [`LONGEST`] bytes of it.
    pub(super) bytes: Vec<u8>,
    /// How many bytes more it had.
    pub(super) cut: usize,
}

impl Cutter {
    /// Takes more bytes, and hands out each line that they complete.
    pub(super) fn take(&mut self, mut bytes: &[u8], mut each: impl FnMut(Cut)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.append(&bytes[..end]);
            bytes = &bytes[end + 1..];
            each(self.complete());
        }
        self.append(bytes);
    }

    /// What stands without an end when the stream ends; `None` when that is nothing.
    pub(super) fn rest(&mut self) -> Option<Cut> {
        (!self.line.is_empty() || self.cut > 0).then(|| self.complete())
    }

    fn append(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(LONGEST - self.line.len());
        self.line.extend_from_slice(&bytes[..kept]);
        self.cut += bytes.len() - kept;
    }

    fn complete(&mut self) -> Cut {
        let (mut bytes, cut) = (std::mem::take(&mut self.line), std::mem::take(&mut self.cut));
        if cut == 0 && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Cut { bytes, cut }
    }
}

/// The text without sequences that colour it or move a cursor (ECMA-48: CSI, and OSC and its like with their text), and
/// without other control characters but the tabulator.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let introduced = match c {
            '\u{1b}' => chars.next(),
            // The same in one character.
            '\u{9b}' => Some('['),
            '\u{9d}' => Some(']'),
            c => {
                if !c.is_control() || c == '\t' {
                    plain.push(c);
                }
                continue;
            }
        };
        match introduced {
            // Parameters and intermediates, then a final byte from `@` to `~`.
            Some('[') => {
                chars.find(|c| ('@'..='~').contains(c));
            }
            // Strings: up to BEL, or to ST, which is ESC and `\`, or one character.
            Some(']' | 'P' | 'X' | '^' | '_')
                if chars.find(|c| matches!(c, '\u{7}' | '\u{1b}' | '\u{9c}')) == Some('\u{1b}') =>
            {
                chars.next();
            }
            // The choice of a character set: intermediates, then one final character.
            Some(' '..='/') => {
                chars.find(|c| !(' '..='/').contains(c));
            }
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<(Vec<u8>, usize)> {
        let mut cutter = Cutter::default();
        let mut lines = Vec::new();
        for piece in pieces {
            cutter.take(piece, |line| lines.push((line.bytes, line.cut)));
        }
        lines.extend(cutter.rest().map(|line| (line.bytes, line.cut)));
        lines
    }

    #[test]
    fn lines_end_where_they_end() {
        for (pieces, expected) in [
            (&[&b"a\nb\n"[..]][..], &[&b"a"[..], b"b"][..]),
            (&[b"a", b"b\nc", b"\n"], &[b"ab", b"c"]),
            (&[b"a\r\n\r\n\n"], &[b"a", b"", b""]),
            (&[b"a\r", b"\nb\rc"], &[b"a", b"b\rc"]),
            (&[b"\xff\0\x1b[31m\n"], &[b"\xff\0\x1b[31m"]),
            (&[b""], &[]),
        ] {
            let lines: Vec<Vec<u8>> = cut(pieces).into_iter().map(|(bytes, _)| bytes).collect();
            assert_eq!(lines, expected, "{pieces:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_and_says_how_much() {
        let long = vec![b'x'; LONGEST + 7];
        let found = cut(&[&long, b"yy\nshort\n"]);
        assert_eq!((found[0].0.len(), found[0].1), (LONGEST, 9));
        assert_eq!(found[1], (b"short".to_vec(), 0));
        let exact = vec![b'x'; LONGEST];
        assert_eq!(cut(&[&exact, b"\n"]), [(exact, 0)]);
    }

    #[test]
    fn colours_are_no_text() {
        for (text, expected) in [
            ("plain", "plain"),
            ("\u{1b}[1;32mready\u{1b}[0m in 3 ms", "ready in 3 ms"),
            ("\u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{1b}\\!", "link!"),
            ("end\u{1b}", "end"),
            ("end\u{1b}[3", "end"),
            ("a\u{1b}(Bb", "ab"),
            ("a\u{9b}31mb", "ab"),
            ("a\u{9d}0;title\u{9c}b", "ab"),
            ("a\u{1b}P1$r0m\u{1b}\\b", "ab"),
            ("a\u{1b}_G...\u{1b}\\b", "ab"),
            ("a\tb\r\u{8}\u{0}\u{85}c", "a\tbc"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }
}

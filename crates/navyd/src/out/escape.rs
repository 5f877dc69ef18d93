//! Makes text from outside harmless to a terminal, and keeps one row one row.
//!
//! Process names, arguments and banners may hold anything. A control byte could drive the terminal, a line
//! break could forge a row, a bidirectional mark could swap what is read (CVE-2021-42574), and a zero-width
//! character could make two names look alike. All of them become visible. A backslash stays as it is, because
//! paths on some systems are full of them: what must be lossless is read from `--json`.

use std::{borrow::Cow, fmt::Write as _};

/// The text with every character that would not show as itself written out, such as `\x1b`, `\n` or `\u{202e}`.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            // Writing to a string cannot fail.
            c if is_unsafe(c) && c.is_ascii() => drop(write!(safe, "\\x{:02x}", u32::from(c))),
            c if is_unsafe(c) => drop(write!(safe, "\\u{{{:x}}}", u32::from(c))),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Whether a character would act on a terminal or hide, instead of showing as itself.
pub(crate) fn is_unsafe(c: char) -> bool {
    // C0, DEL and C1.
    c.is_control()
        || matches!(c,
            // Soft hyphen, and the Arabic letter mark.
            '\u{ad}' | '\u{61c}'
            // Fillers and separators that take no visible space.
            | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{ffa0}'
            // Zero-width characters and directional marks.
            | '\u{200b}'..='\u{200f}'
            // Line and paragraph separator, directional embeddings and overrides.
            | '\u{2028}'..='\u{202e}'
            // Word joiner, invisible operators, directional isolates, deprecated format characters.
            | '\u{2060}'..='\u{206f}'
            // Byte order mark and interlinear annotation.
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Tags, which spell hidden ASCII.
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_becomes_visible() {
        for (raw, shown) in [
            ("node", "node"),
            ("", ""),
            ("\x1b[31mred", "\\x1b[31mred"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("a\0b\x07\x7f", "a\\x00b\\x07\\x7f"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("evil\u{202e}txt", "evil\\u{202e}txt"),
            ("\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
            ("a\u{200e}\u{200f}\u{61c}", "a\\u{200e}\\u{200f}\\u{61c}"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
            ("line\u{2028}break", "line\\u{2028}break"),
            ("broken \u{fffd} byte", "broken \u{fffd} byte"),
            ("日本語 ünï", "日本語 ünï"),
            (r"C:\Users", r"C:\Users"),
        ] {
            assert_eq!(escape(raw), shown, "{raw:?}");
        }
    }

    #[test]
    fn nothing_unsafe_survives() {
        let every: String = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        assert!(!escape(&every).chars().any(is_unsafe));
    }
}

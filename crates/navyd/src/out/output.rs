//! Output of other programs, as it may reach a terminal: colours stay where colours are wanted, and nothing else
//! that acts.
//!
//! Deliberately absent: understanding what it draws. What moves a cursor or clears a screen would do it to ours, so it
//! is left out; a line that is drawn over again shows what stood last.

use super::escape::escape;

/// The text of one line; `colour` keeps what colours it (ECMA-48, SGR), and ends it behind.
pub(crate) fn output(text: &str, colour: bool) -> String {
    // A progress bar draws over itself.
    let text = text.trim_end_matches('\r');
    let text = text.rsplit('\r').next().unwrap_or(text);
    let mut shown = String::with_capacity(text.len());
    let mut is_coloured = false;
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        shown.push_str(&harmless(&rest[..at]));
        let sequence = &rest[at..at + length(&rest[at..])];
        if colour && is_colour(sequence) {
            shown.push_str(sequence);
            is_coloured = true;
        }
        rest = &rest[at + sequence.len()..];
    }
    shown.push_str(&harmless(rest));
    if is_coloured {
        shown.push_str("\u{1b}[0m");
    }
    shown
}

fn harmless(text: &str) -> String {
    escape(&text.replace('\t', "    ")).into_owned()
}

/// `ESC [`, numbers and their separators, `m`.
fn is_colour(sequence: &str) -> bool {
    let numbers = sequence.strip_prefix("\u{1b}[").and_then(|rest| rest.strip_suffix('m'));
    numbers.is_some_and(|numbers| {
        numbers.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':'))
    })
}

/// How many bytes the sequence at the start takes: CSI up to its final byte, OSC up to BEL or ST, else ESC alone.
fn length(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        Some(b'[') => {
            let end = bytes[2..].iter().position(|byte| !(0x20..=0x3f).contains(byte));
            match end {
                Some(end) if (0x40..=0x7e).contains(&bytes[2 + end]) => end + 3,
                Some(end) => end + 2,
                None => bytes.len(),
            }
        }
        Some(b']') => {
            let bell = text.find('\u{7}').map(|at| at + 1);
            let st = text.find("\u{1b}\\").map(|at| at + 2);
            bell.into_iter().chain(st).min().unwrap_or(bytes.len())
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_and_nothing_else_acts() {
        for (text, coloured, plain) in [
            ("plain", "plain", "plain"),
            ("\u{1b}[1;32mok\u{1b}[0m!", "\u{1b}[1;32mok\u{1b}[0m!\u{1b}[0m", "ok!"),
            ("\u{1b}[2J\u{1b}[Hclear", "clear", "clear"),
            ("\u{1b}]0;title\u{7}a\u{1b}]8;;x\u{1b}\\b", "ab", "ab"),
            ("10%\r50%\r100%\r", "100%", "100%"),
            ("a\tb\0", "a    b\\x00", "a    b\\x00"),
            ("\u{202e}x\u{9b}31m", "\\u{202e}x\\u{9b}31m", "\\u{202e}x\\u{9b}31m"),
            ("end\u{1b}", "end", "end"),
            ("end\u{1b}[3", "end", "end"),
            ("\u{1b}[?25lé\u{1b}[3é", "éé", "éé"),
            ("\u{1b}]no end", "", ""),
        ] {
            assert_eq!(
                (output(text, true).as_str(), output(text, false).as_str()),
                (coloured, plain),
                "{text:?}"
            );
        }
    }
}

//! Why a text names no listener, in words that are safe to print.

/// Why a text names no listener. Each message names what was typed, escaped, and without a URL's password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TargetError {
    /// What is wrong, with the text in backticks.
    pub message: String,
    /// What could be typed instead.
    pub hint: String,
}

/// The longest piece of input that a message repeats, in characters.
const SHOWN: usize = 80;

impl TargetError {
    /// `what` follows the text: "is not a port".
    pub(super) fn about(text: &str, what: &str, hint: &str) -> Self {
        Self { message: format!("`{}` {what}", shown(text)), hint: hint.to_owned() }
    }

    pub(super) fn empty() -> Self {
        Self { message: "the target is empty".to_owned(), hint: HINT.to_owned() }
    }
}

/// The hint where nothing better is known.
pub(super) const HINT: &str = "type a port such as `3000`, or an address such as `127.0.0.1:3000`";

/// Escapes what a terminal would obey or hide: controls, direction marks, characters without width.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (at, char) in text.chars().enumerate() {
        if at == SHOWN {
            shown.push('…');
            break;
        }
        match char {
            '"' | '\'' | '\\' => shown.push(char),
            // Backticks delimit the text in the message.
            '`' => shown.push('\''),
            _ => shown.extend(char.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_terminal_as_it_is() {
        for (text, expected) in [
            ("abc", "abc"),
            ("it's \"so\"", "it's \"so\""),
            ("a`b", "a'b"),
            ("a\u{1b}[31m\n", r"a\u{1b}[31m\n"),
            ("\u{202e}cba\u{200b}", r"\u{202e}cba\u{200b}"),
            ("\u{85}\u{2028}\u{feff}\u{61c}\u{2066}", r"\u{85}\u{2028}\u{feff}\u{61c}\u{2066}"),
            ("bücher", "bücher"),
        ] {
            assert_eq!(shown(text), expected);
        }
        assert_eq!(shown(&"x".repeat(1_000)).chars().count(), SHOWN + 1);
    }
}

//! What comes along when a person copies an address out of a text.
//!
//! Only characters that can neither begin nor end a target are dropped, so that nothing is guessed.

/// The text without the space, quotes, brackets and punctuation around it, in plain ASCII where an input
/// method wrote full width forms (`：３０００`).
pub(super) fn tidied(text: &str) -> String {
    let text: String = text.chars().map(narrow).collect();
    let text = text.trim_start_matches(|char| is_around(char) || "(<{".contains(char));
    let mut text = text.trim_end_matches(|char| is_around(char) || ")>},;.!".contains(char));
    // A log line goes on behind a colon: `127.0.0.1:3000: connection refused`. `fe80::` ends in two.
    if text.ends_with(':') && !text.ends_with("::") {
        text = &text[..text.len() - 1];
    }
    text.to_owned()
}

/// Space, quotes, and characters without width, such as the marks that pages put around a copied line.
fn is_around(char: char) -> bool {
    char.is_whitespace()
        || "\"'`“”‘’«»".contains(char)
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// UTS 46 maps these forms in host names as well, so that a browser opens what is typed with them.
fn narrow(char: char) -> char {
    match char {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(char as u32 - 0xfee0).unwrap_or(char),
        '\u{3000}' => ' ',
        '\u{3002}' | '\u{ff61}' => '.',
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_only_what_is_around() {
        for (text, expected) in [
            (" 3000\n", "3000"),
            ("http://localhost:3000,", "http://localhost:3000"),
            ("(http://localhost:3000).", "http://localhost:3000"),
            ("<http://localhost:3000/>", "http://localhost:3000/"),
            ("\"[::1]:3000\"", "[::1]:3000"),
            ("“localhost”", "localhost"),
            ("`3000`!", "3000"),
            ("127.0.0.1:3000:", "127.0.0.1:3000"),
            ("fe80::", "fe80::"),
            ("::", "::"),
            (":", ""),
            ("[::1]", "[::1]"),
            ("*:3000", "*:3000"),
            ("\u{feff}\u{202a}3000\u{202c}", "3000"),
            ("ｌｏｃａｌｈｏｓｔ：８０", "localhost:80"),
            ("　３０００　", "3000"),
            ("a b", "a b"),
            ("-1", "-1"),
            ("…", "…"),
            ("", ""),
        ] {
            assert_eq!(tidied(text), expected, "{text:?}");
        }
    }
}

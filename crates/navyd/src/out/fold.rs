//! Sentences in as many lines as they need.

use unicode_width::UnicodeWidthStr as _;

/// The text in lines of at most `room` columns, broken at spaces; a longer word stays whole.
pub(crate) fn folded(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_folded_at_spaces() {
        for (text, room, expected) in [
            ("", 30, &[][..]),
            ("a b c", 30, &["a b c"]),
            ("a b c", 3, &["a b", "c"]),
            ("longer than room", 4, &["longer", "than", "room"]),
            ("日本 語", 5, &["日本", "語"]),
            ("日本 語", 7, &["日本 語"]),
        ] {
            assert_eq!(folded(text, room), expected, "{text} in {room}");
        }
    }
}

//! Bytes from outside as text, and text as a word that can be typed.

use base64::{Engine, engine::general_purpose::STANDARD};

/// The bytes as text, with U+FFFD where one was not UTF-8; then also all of them in Base64 (RFC 4648 §4).
pub fn text(bytes: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), Some(STANDARD.encode(bytes))),
    }
}

/// The text as one word of a POSIX shell: as it is where nothing in it means anything to a shell, and otherwise in
/// single quotes (POSIX.1-2024, Shell Command Language §2.2.2: they "preserve the literal value of each character").
/// A NUL has no place in a word of a shell, and stays where it is.
pub fn shell_word(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The text that a word stands for, of those that [`shell_word`] writes; `None` for every other, and for more words than
/// one.
pub fn of_shell_word(word: &str) -> Option<String> {
    let Some(quoted) = word.strip_prefix('\'') else { return is_plain(word).then(|| word.to_owned()) };
    let parts: Vec<&str> = quoted.strip_suffix('\'')?.split(r"'\''").collect();
    parts.iter().all(|part| !part.contains('\'')).then(|| parts.join("'"))
}

/// Whether a shell takes the text as it is. zsh looks for a program of the name that stands behind a leading `=`.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    !text.is_empty() && !text.starts_with('=') && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn nothing_is_lost() {
        assert_eq!(text("é\u{1b}".as_bytes()), ("é\u{1b}".into(), None));
        assert_eq!(text(b"a\xff"), ("a\u{fffd}".into(), Some("Yf8=".into())));
    }

    #[test]
    fn a_word_is_quoted_where_it_must_be() {
        for (text, expected) in [
            ("a@b.service", "a@b.service"),
            ("/srv/a-b_1:2,3+4%=x", "/srv/a-b_1:2,3+4%=x"),
            ("", "''"),
            ("=x", "'=x'"),
            ("~", "'~'"),
            ("a b", "'a b'"),
            ("status:>=500", "'status:>=500'"),
            ("it's", r"'it'\''s'"),
            ("'", r"''\'''"),
            ("$(x)", "'$(x)'"),
            ("é", "'é'"),
        ] {
            assert_eq!(shell_word(text), expected);
            assert_eq!(of_shell_word(expected).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_this_room_does_not_write_is_not_read() {
        for word in ["", "a b", "$x", "'a' 'b'", "'a", "a'", "'", "'a'b'", "'a'; rm -rf 'b'", "=x", r"a\ b"] {
            assert_eq!(of_shell_word(word), None, "{word}");
        }
    }

    /// Where there is no such shell, nobody can type for one.
    #[test]
    fn a_real_shell_reads_each_back() {
        let every: String = (1..=127_u8).map(char::from).collect();
        for text in [
            "",
            "-n",
            "a b",
            "it's",
            "''",
            r"\",
            "\n",
            "$HOME `id` $(id) !! #",
            "~root",
            "*?[a]{b,c}",
            &every,
        ] {
            let line = format!("printf '%s|' {} end", shell_word(text));
            let Ok(ran) = Command::new("sh").args(["-c", &line]).output() else {
                eprintln!("skipped: text::a_real_shell_reads_each_back: `sh` is not installed");
                return;
            };
            assert_eq!(String::from_utf8_lossy(&ran.stdout), format!("{text}|end|"), "{line}");
        }
    }
}

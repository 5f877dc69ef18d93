//! What is searched for, as words: as the index has them.
//!
//! A word is a run of letters and digits, in small letters. What is typed must stand there in this order, and its last
//! word may go on: `shop/ca` finds `/shop/cart`.

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<String> {
    split(text).map(str::to_lowercase).collect()
}

/// A question to the index for these words: a phrase of which the last word may go on.
pub(super) fn phrase(words: &[String]) -> String {
    // Letters and digits alone: there is nothing to escape.
    format!("\"{}\"*", words.join(" "))
}

/// Whether a text has these words, as the index would say.
pub(super) fn has(text: &str, wanted: &[String]) -> bool {
    let Some((last, rest)) = wanted.split_last() else { return true };
    // Most texts have the letters nowhere, and that is found out quickly.
    if text.is_ascii()
        && !contains(text.as_bytes(), wanted.iter().max_by_key(|word| word.len()).unwrap_or(last))
    {
        return false;
    }
    let all = words(text);
    all.windows(wanted.len())
        .any(|some| some[..rest.len()] == *rest && some[rest.len()].starts_with(last.as_str()))
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn contains(text: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    let (Some(first), length) = (word.first(), word.len()) else { return true };
    let starts = text.len().checked_sub(length).map_or(0, |last| last + 1);
    (0..starts)
        .any(|at| text[at].to_ascii_lowercase() == *first && text[at..at + length].eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_their_order() {
        for (text, wanted, expected) in [
            ("GET /shop/cart HTTP/1.1", "cart", true),
            ("GET /shop/cart HTTP/1.1", "CAR", true),
            ("GET /shop/cart HTTP/1.1", "art", false),
            ("GET /shop/cart HTTP/1.1", "shop/ca", true),
            ("GET /shop/cart HTTP/1.1", "cart shop", false),
            ("GET /shop/cart HTTP/1.1", "sho/cart", false),
            ("Grüße, Welt", "grüße welt", true),
            ("x", "", true),
            ("", "x", false),
        ] {
            assert_eq!(has(text, &words(wanted)), expected, "{text}: {wanted}");
        }
        assert_eq!(phrase(&words("Shop/ca\"rt*")), "\"shop ca rt\"*");
    }
}

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

/// Whether bytes may have these words. Most have the letters of the longest nowhere, and that is found out quickly; of
/// words that are not ASCII nothing is said.
pub(super) fn may(text: &[u8], wanted: &[String]) -> bool {
    let Some(word) = wanted.iter().max_by_key(|word| word.len()).filter(|word| word.is_ascii()) else {
        return true;
    };
    let word = word.as_bytes();
    let (small, large) = (word[0], word[0].to_ascii_uppercase());
    let starts = text.len().checked_sub(word.len()).map_or(0, |last| last + 1);
    let mut at = 0;
    while let Some(next) = text[at..starts].iter().position(|byte| *byte == small || *byte == large) {
        at += next;
        if text[at..at + word.len()].eq_ignore_ascii_case(word) {
            return true;
        }
        at += 1;
    }
    // Letters of other scripts may become ASCII in small letters, as the sign of Kelvin does.
    !text.is_ascii()
}

/// Whether a text has these words, as the index would say.
pub(super) fn has(text: &str, wanted: &[String]) -> bool {
    let Some((last, rest)) = wanted.split_last() else { return true };
    let all = words(text);
    all.windows(wanted.len())
        .any(|some| some[..rest.len()] == *rest && some[rest.len()].starts_with(last.as_str()))
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
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
            assert!(!expected || may(text.as_bytes(), &words(wanted)), "{text}: {wanted}");
        }
        assert!(!may(b"GET /shop", &words("cart")) && !may(b"c", &words("cart")) && !may(b"", &words("x")));
        assert_eq!(phrase(&words("Shop/ca\"rt*")), "\"shop ca rt\"*");
    }
}

//! What is searched for, as words: as the index has them.
//!
//! A word is a run of letters and digits, in small letters. What is typed must stand there in this order, and its last
//! word may go on: `shop/ca` finds `/shop/cart`.

/// What is searched for.
pub(super) struct Phrase {
    words: Vec<String>,
    /// The longest word, if it is ASCII, and where in it its rarest letter stands.
    longest: Option<(String, usize)>,
}

/// Letters and digits, from those that texts have most of to those that few have.
const COMMON: &[u8] = b"etaoinsr01hldc2ump34f56g78w9ybvkxjqz";

impl Phrase {
    /// The words of what was typed.
    pub(super) fn of(text: &str) -> Self {
        let words: Vec<String> = split(text).map(str::to_lowercase).collect();
        let longest = words.iter().max_by_key(|word| word.len()).filter(|word| word.is_ascii());
        let longest = longest.map(|word| {
            let rank = |byte: u8| COMMON.iter().position(|common| *common == byte);
            let rarest = (0..word.len()).max_by_key(|at| rank(word.as_bytes()[*at]));
            (word.clone(), rarest.unwrap_or_default())
        });
        Self { words, longest }
    }

    /// Whether there are no words in it.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The question to the index: a phrase of which the last word may go on.
    pub(super) fn question(&self) -> String {
        // Letters and digits alone: there is nothing to escape.
        format!("\"{}\"*", self.words.join(" "))
    }

    /// Whether bytes may have it. Most do not have the longest word, which its rarest letter tells quickly; of words that
    /// are not ASCII nothing is said.
    pub(super) fn may_be_in(&self, text: &[u8]) -> bool {
        let Some((word, rarest)) = &self.longest else { return true };
        let (word, small) = (word.as_bytes(), word.as_bytes()[*rarest]);
        let is_here = |at: usize| {
            let start = at.checked_sub(*rarest)?;
            text.get(start..start + word.len()).map(|found| found.eq_ignore_ascii_case(word))
        };
        memchr::memchr2_iter(small, small.to_ascii_uppercase(), text).any(|at| is_here(at) == Some(true))
            // Letters of other scripts may become ASCII in small letters, as the sign of Kelvin does.
            || !text.is_ascii()
    }

    /// Whether a text has it, as the index would say.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let Some((last, rest)) = self.words.split_last() else { return true };
        let mut all = split(text);
        loop {
            let mut here = all.clone();
            if rest.iter().all(|word| here.next().is_some_and(|found| is(found, word)))
                && here.next().is_some_and(|found| begins(found, last))
            {
                return true;
            }
            if all.next().is_none() {
                return false;
            }
        }
    }
}

/// Whether what was found is this word, which is in small letters.
fn is(found: &str, word: &str) -> bool {
    if found.is_ascii() { found.eq_ignore_ascii_case(word) } else { found.to_lowercase() == word }
}

/// Whether it begins like this word.
fn begins(found: &str, word: &str) -> bool {
    match found.is_ascii() {
        true => found.get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word)),
        false => found.to_lowercase().starts_with(word),
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> + Clone {
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
            ("GET /cart/cart/shop", "cart shop", true),
            ("GET /cart/carts/shop", "cart shop", false),
            ("GET /shop/cart", "cart/shop", false),
            ("Grüße, Welt", "grüße welt", true),
            ("GRÜSSE, WELT", "grüs", true),
            ("GRÜSSE, WELT", "rüsse we", false),
            ("x", "", true),
            ("", "x", false),
        ] {
            let phrase = Phrase::of(wanted);
            assert_eq!(phrase.is_in(text), expected, "{text}: {wanted}");
            assert!(!expected || phrase.may_be_in(text.as_bytes()), "{text}: {wanted}");
        }
        assert_eq!(Phrase::of("Shop/ca\"rt*").question(), "\"shop ca rt\"*");
        assert!(Phrase::of(" /*\"").is_empty());
    }

    #[test]
    fn what_cannot_have_them_is_passed_over() {
        for (text, wanted, expected) in [
            ("bazaar", "zaar", true),
            ("BAZAAR", "bazaar", true),
            ("zz zebra", "zebra", true),
            ("q", "q", true),
            ("zebr", "zebra", false),
            ("z", "jazz", false),
            ("GET /shop", "cart", false),
            ("c", "cart", false),
            ("", "x", false),
            // The sign of Kelvin.
            ("\u{212a}ite", "kite", true),
            ("GET", "grüße", true),
        ] {
            assert_eq!(Phrase::of(wanted).may_be_in(text.as_bytes()), expected, "{text}: {wanted}");
        }
    }
}

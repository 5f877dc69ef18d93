//! The search grammar of Mailpit, and `inbox:` beside it: words that must all be found, each with a prefix or none, and
//! a `-` or `!` before what must not be.
//!
//! Pure: text in, a [`Query`] out, which says of [`Facts`] whether they match. What is no date and no size is looked for
//! as a word, and what has neither letter nor digit is left out, as Mailpit does.

mod time;
mod word;

use super::{limits, store::Facts};
use word::{What, Word};

/// A search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    words: Vec<Word>,
}

impl Query {
    /// Reads a search. `zone` is where its dates are meant, as an IANA name; here, where it is none.
    #[must_use]
    pub fn parse(text: &str, zone: &str) -> Self {
        let mut end = text.len().min(limits::QUERY);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self { words: split(&text[..end]).iter().filter_map(|word| Word::parse(word, zone)).collect() }
    }

    /// One that finds what has that tag.
    #[must_use]
    pub fn tagged(tag: &str) -> Self {
        Self::of(What::Tag(tag.to_lowercase()))
    }

    /// One that finds what has this text in it.
    #[must_use]
    pub fn containing(text: &str) -> Self {
        Self::of(What::Text(text.to_lowercase()))
    }

    /// One that finds what is from an address with this text in it.
    #[must_use]
    pub fn from(text: &str) -> Self {
        Self::of(What::From(text.to_lowercase()))
    }

    /// One that finds what is for an address with this text in it, openly or not.
    #[must_use]
    pub fn to(text: &str) -> Self {
        Self::of(What::Recipient(text.to_lowercase()))
    }

    fn of(what: What) -> Self {
        Self { words: vec![Word { not: false, what }] }
    }

    /// One whose every message is in that inbox.
    #[must_use]
    pub fn within(mut self, inbox: &str) -> Self {
        self.words.push(Word { not: false, what: What::Inbox(inbox.to_lowercase()) });
        self
    }

    /// Whether it finds a message. One without words finds all.
    #[must_use]
    pub fn matches(&self, facts: &Facts) -> bool {
        self.words.iter().all(|word| word.matches(facts))
    }

    /// Whether it finds all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// Splits at spaces that are not in quotes; the quotes go.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            letter if letter.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.trim().is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::store::Address;

    fn facts() -> Facts {
        let mut facts = Facts {
            received: 1_751_371_200_000, // 2025-07-01T12:00:00Z
            size: 3 * 1024,
            attachments: 1,
            tags: vec!["Red One".to_owned()],
            message_id: "abc@host".to_owned(),
            subject: "Your Order 100%".to_owned(),
            words: " shop <shop@a.example> your order 100% thank you very much".to_owned(),
            ..Facts::default()
        };
        facts.known.from = Address { name: "Shop".to_owned(), address: "shop@a.example".to_owned() };
        facts.known.to = vec![Address::bare("ann@b.example")];
        facts.known.cc = vec![Address::bare("cc@b.example")];
        facts.known.bcc = vec![Address::bare("bcc@b.example")];
        facts.known.reply_to = vec![Address::bare("reply@b.example")];
        facts.known.inboxes = vec!["signup".to_owned()];
        facts
    }

    #[test]
    fn searches_find_what_they_say() {
        for (text, expected) in [
            ("", true),
            ("order", true),
            ("ORDER thank", true),
            ("\"very much\"", true),
            ("\"much very\"", false),
            ("order nothing", false),
            ("-nothing", true),
            ("!order", false),
            ("-", true),
            ("%%", true),
            ("from:shop", true),
            ("from:SHOP@a.example", true),
            ("from:ann", false),
            ("-from:ann", true),
            ("to:ann", true),
            ("to:\"ann@b.example\"", true),
            ("cc:cc@", true),
            ("bcc:bcc", true),
            ("reply-to:reply", true),
            ("addressed:reply", true),
            ("addressed:bcc", true),
            ("!addressed:nobody", true),
            ("subject:\"your order\"", true),
            ("subject:100%", true),
            ("subject:yours", false),
            ("message-id:ABC", true),
            ("tag:\"red one\"", true),
            ("tag:red", false),
            ("-tag:red", true),
            ("inbox:signup", true),
            ("inbox:other", false),
            ("is:unread", true),
            ("is:read", false),
            ("-is:read", true),
            ("is:tagged", true),
            ("has:attachment", true),
            ("has:attachments", true),
            ("has:inline", false),
            ("-has:inline", true),
            ("after:2025-07-01", true),
            ("after:2025-07-02", false),
            ("before:2025-07-01", false),
            ("before:\"2025-07-01 13:00\"", true),
            ("-after:2025-07-02", true),
            ("after:2025/07/01", true),
            ("before:1751371201", true),
            ("after:nonsense", true),
            ("larger:2k", true),
            ("larger:3kb", false),
            ("smaller:1.5M", true),
            ("smaller:2000", false),
            ("larger:x", false),
            ("subject:order from:shop -is:read larger:1k", true),
        ] {
            assert_eq!(Query::parse(text, "UTC").matches(&facts()), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_meant_somewhere() {
        // That minute had come twelve hours before in Auckland.
        let found = |zone| Query::parse("before:2025-07-01T23:59", zone).matches(&facts());
        assert!(found("UTC") && !found("Pacific/Auckland"));
    }

    #[test]
    fn long_searches_are_cut() {
        assert!(Query::parse(&"ä ".repeat(limits::QUERY), "").words.len() <= limits::QUERY / 2);
        assert!(Query::parse(" \"\" ", "").is_empty());
    }
}

//! What is known of a message without reading it again, and how it is found out.

use serde::{Deserialize, Serialize};

pub use crate::mail::mime::Address;
use crate::mail::{limits, mime, smtp::Letter};

/// What is known of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its number: higher for one that came later.
    pub id: i64,
    /// Its name, which nothing else has.
    pub key: String,
    /// When it came, in milliseconds since 1970.
    pub received: i64,
    /// How long it is, in bytes.
    pub size: u64,
    /// Whether somebody has read it.
    pub read: bool,
    /// How many files are attached.
    pub attachments: u32,
    /// How many are shown within.
    pub inline: u32,
    /// Its tags, in order of the alphabet.
    pub tags: Vec<String>,
    /// Its Message-ID, without brackets.
    pub message_id: String,
    /// Its subject.
    pub subject: String,
    /// Who it is from, whom it is for, and what it begins with.
    pub known: Known,
    /// Everything that a search without a prefix looks at, in lower case.
    pub words: String,
}

/// What is known of a message and never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its author; the sender of the envelope where the head names none.
    pub from: Address,
    /// To whom it says it is.
    pub to: Vec<Address>,
    /// To whom it is a copy.
    pub cc: Vec<Address>,
    /// To whom it is a secret copy: those whom it says, and recipients whom it does not mention.
    pub bcc: Vec<Address>,
    /// Who wants the answers.
    pub reply_to: Vec<Address>,
    /// The sender of the envelope.
    pub sender: String,
    /// The recipients of the envelope.
    pub recipients: Vec<String>,
    /// Who authenticated.
    pub user: Option<String>,
    /// In which inboxes it is: by its door, its user, and the tags behind a plus of its recipients.
    pub inboxes: Vec<String>,
    /// What its text begins with.
    pub snippet: String,
    /// When it says it was written, in seconds since 1970.
    pub date: Option<i64>,
}

impl Facts {
    /// Finds out about a message that came with this envelope.
    pub(super) fn find(id: i64, key: &str, received: i64, letter: &Letter) -> Self {
        let mail = mime::read(&letter.bytes);
        let mut tags: Vec<String> = plus_tags(&letter.recipients).map(str::to_owned).collect();
        tags.extend(mail.tags.split(',').filter_map(clean_tag));
        tidy(&mut tags);
        let mentioned = |address: &str| {
            let mut all = mail.to.iter().chain(&mail.cc).chain(&mail.bcc);
            all.any(|one| one.address.eq_ignore_ascii_case(address))
        };
        let secret = letter
            .recipients
            .iter()
            .filter(|address| !mentioned(address))
            .map(|address| Address::bare(address));
        let bcc: Vec<Address> = mail.bcc.iter().cloned().chain(secret).collect();
        let inline = mail.parts.iter().filter(|part| part.inline).count();
        let words = words(&mail, &bcc);
        Self {
            id,
            key: key.to_owned(),
            received,
            size: letter.bytes.len() as u64,
            read: false,
            attachments: (mail.parts.len() - inline) as u32,
            inline: inline as u32,
            tags,
            message_id: mail.id,
            subject: mail.subject,
            known: Known {
                from: mail.from.unwrap_or_else(|| Address::bare(&letter.sender)),
                to: mail.to,
                cc: mail.cc,
                bcc,
                reply_to: mail.reply_to,
                sender: letter.sender.clone(),
                recipients: letter.recipients.clone(),
                user: letter.user.clone(),
                inboxes: inboxes(letter),
                snippet: snippet(&mail.text),
                date: mail.date,
            },
            words,
        }
    }

    /// Whether it is in that inbox.
    #[must_use]
    pub fn is_in(&self, inbox: &str) -> bool {
        self.known.inboxes.iter().any(|one| one.eq_ignore_ascii_case(inbox))
    }

    /// Whether it was for that address, or for that name at any domain.
    #[must_use]
    pub fn is_for(&self, name: &str) -> bool {
        self.known.recipients.iter().any(|address| {
            let local = address.rsplit_once('@').map_or(address.as_str(), |(local, _)| local);
            address.eq_ignore_ascii_case(name) || local.eq_ignore_ascii_case(name)
        })
    }
}

/// A tag as it is kept: what is neither letter, number, space nor one of `-_.@` is left out. `None` where nothing stays.
#[must_use]
pub fn clean_tag(text: &str) -> Option<String> {
    let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_' | '.' | '@');
    let tag: String = text.chars().filter(kept).take(limits::TAG).collect();
    let tag = tag.split_whitespace().collect::<Vec<_>>().join(" ");
    (!tag.is_empty()).then_some(tag)
}

/// Puts tags in order, each once.
pub(super) fn tidy(tags: &mut Vec<String>) {
    tags.sort_unstable_by_key(|tag| tag.to_lowercase());
    tags.dedup_by(|one, other| one.to_lowercase() == other.to_lowercase());
}

fn inboxes(letter: &Letter) -> Vec<String> {
    let named = [&letter.door, &letter.user].into_iter().flatten().cloned();
    let mut inboxes: Vec<String> = named.chain(plus_tags(&letter.recipients).map(str::to_owned)).collect();
    tidy(&mut inboxes);
    inboxes
}

/// What stands behind a plus in the local part of each address.
fn plus_tags(recipients: &[String]) -> impl Iterator<Item = &str> {
    recipients.iter().filter_map(|address| plus_tag(address))
}

fn plus_tag(address: &str) -> Option<&str> {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    let (_, tag) = local.split_once('+')?;
    (!tag.is_empty() && !local.starts_with('"')).then_some(tag)
}

/// The beginning of a text on one line.
fn snippet(text: &str) -> String {
    let (mut snippet, mut room) = (String::new(), limits::SNIPPET);
    for word in text.split_whitespace() {
        if !snippet.is_empty() {
            snippet.push(' ');
            room -= 1;
        }
        for letter in word.chars().take(room) {
            snippet.push(letter);
            room -= 1;
        }
        if room <= 1 {
            break;
        }
    }
    snippet
}

fn words(mail: &mime::Mail, bcc: &[Address]) -> String {
    let mut words = String::with_capacity(mail.text.len().min(limits::WORDS) + 256);
    let people = mail.from.iter().chain(&mail.to).chain(&mail.cc).chain(bcc).chain(&mail.reply_to);
    let said = people.map(Address::shown).chain([mail.subject.clone()]);
    let files = mail.parts.iter().map(|part| part.name.clone());
    for text in said.chain(files) {
        add(&mut words, &text);
    }
    add(&mut words, &mail.text);
    words
}

/// Adds words in lower case with one space between them, as far as there is room. Most mail is plain, and is not taken
/// apart letter by letter.
fn add(words: &mut String, text: &str) {
    if text.is_ascii() {
        for word in text.split_ascii_whitespace() {
            if words.len() + word.len() + 1 > limits::WORDS {
                return;
            }
            let start = words.len() + 1;
            words.push(' ');
            words.push_str(word);
            words[start..].make_ascii_lowercase();
        }
        return;
    }
    for word in text.split_whitespace() {
        if words.len() + word.len() + 1 > limits::WORDS {
            return;
        }
        words.push(' ');
        words.extend(word.chars().flat_map(char::to_lowercase));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn letter(recipients: &[&str], user: Option<&str>, door: Option<&str>, text: &str) -> Letter {
        Letter {
            sender: "robot@a.example".to_owned(),
            recipients: recipients.iter().map(|address| (*address).to_owned()).collect(),
            user: user.map(str::to_owned),
            door: door.map(str::to_owned),
            bytes: Bytes::from(text.to_owned()),
        }
    }

    #[test]
    fn a_message_is_in_each_inbox_that_is_named() {
        for (recipients, user, door, inboxes) in [
            (&["a@b"][..], None, None, &[][..]),
            (&["a+shop@b", "c+Shop@d", "e+@f", "\"g+h\"@i"], None, None, &["shop"]),
            (&["a+x@b"], Some("api"), Some("billing"), &["api", "billing", "x"]),
        ] {
            let facts = Facts::find(1, "k", 0, &letter(recipients, user, door, ""));
            assert_eq!(facts.known.inboxes, inboxes, "{recipients:?}");
        }
    }

    #[test]
    fn what_is_found_out() {
        let text = "To: A <a@b>\r\nSubject: Hi There\r\nX-Tags: red, <b>, green!\r\n\r\nSome   text\r\nhere";
        let facts = Facts::find(7, "k", 5, &letter(&["a@b", "hidden@c"], None, None, text));
        assert_eq!((facts.id, facts.size, facts.subject.as_str()), (7, text.len() as u64, "Hi There"));
        assert_eq!(facts.known.from, Address::bare("robot@a.example"));
        assert_eq!(facts.known.bcc, [Address::bare("hidden@c")]);
        assert_eq!(facts.tags, ["b", "green", "red"]);
        assert_eq!(facts.known.snippet, "Some text here");
        assert_eq!(facts.words, " a <a@b> hidden@c hi there some text here");
        assert!(facts.is_for("hidden") && facts.is_for("A@B") && !facts.is_for("b"));
    }

    #[test]
    fn snippets_end() {
        let long = snippet(&"ä".repeat(1000));
        assert_eq!(long.chars().count(), limits::SNIPPET);
        assert!(snippet(&"word ".repeat(1000)).chars().count() <= limits::SNIPPET);
    }
}

//! One word of a search.

use super::time;
use crate::mail::store::{Address, Facts};

/// What must be so, or must not.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) not: bool,
    pub(super) what: What,
}

/// What a word asks for; texts are in lower case.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Text(String),
    From(String),
    To(String),
    Cc(String),
    Bcc(String),
    ReplyTo(String),
    Addressed(String),
    Recipient(String),
    Subject(String),
    MessageId(String),
    Tag(String),
    Inbox(String),
    Read,
    Unread,
    Tagged,
    Attachment,
    Inline,
    After(i64),
    Before(i64),
    Larger(u64),
    Smaller(u64),
}

/// What is made of the text behind a prefix.
type Make = fn(String) -> What;

/// Prefixes behind which a text stands.
const TEXTS: &[(&str, Make)] = &[
    ("from:", What::From),
    ("to:", What::To),
    ("cc:", What::Cc),
    ("bcc:", What::Bcc),
    ("reply-to:", What::ReplyTo),
    ("addressed:", What::Addressed),
    ("subject:", What::Subject),
    ("message-id:", What::MessageId),
    ("tag:", What::Tag),
    ("inbox:", What::Inbox),
];

impl Word {
    /// `None` for what says nothing: no letter and no digit, a prefix without a text, or a date that is none.
    pub(super) fn parse(word: &str, zone: &str) -> Option<Self> {
        let bare = word.strip_prefix(['-', '!']).filter(|rest| !rest.is_empty());
        let (not, text) = (bare.is_some(), bare.unwrap_or(word).trim().to_lowercase());
        if !text.chars().any(char::is_alphanumeric) {
            return None;
        }
        let what = What::parse(&text, zone)?;
        Some(Self { not, what })
    }

    pub(super) fn matches(&self, facts: &Facts) -> bool {
        self.what.matches(facts) != self.not
    }
}

impl What {
    fn parse(text: &str, zone: &str) -> Option<Self> {
        for (prefix, what) in TEXTS {
            if let Some(rest) = text.strip_prefix(prefix) {
                let rest = rest.trim();
                return (!rest.is_empty()).then(|| what(rest.to_owned()));
            }
        }
        if let Some(date) = text.strip_prefix("after:") {
            return time::instant(date.trim(), zone).map(Self::After);
        }
        if let Some(date) = text.strip_prefix("before:") {
            return time::instant(date.trim(), zone).map(Self::Before);
        }
        let size = |prefix| text.strip_prefix(prefix).and_then(|size: &str| bytes(size.trim()));
        if let Some(size) = size("larger:") {
            return Some(Self::Larger(size));
        }
        if let Some(size) = size("smaller:") {
            return Some(Self::Smaller(size));
        }
        Some(match text {
            "is:read" => Self::Read,
            "is:unread" => Self::Unread,
            "is:tagged" => Self::Tagged,
            "has:attachment" | "has:attachments" => Self::Attachment,
            "has:inline" | "has:inlines" => Self::Inline,
            _ => Self::Text(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        })
    }

    fn matches(&self, facts: &Facts) -> bool {
        let known = &facts.known;
        match self {
            Self::Text(text) => facts.words.contains(text),
            Self::From(text) => names(&known.from, text),
            Self::To(text) => any(&known.to, text),
            Self::Cc(text) => any(&known.cc, text),
            Self::Bcc(text) => any(&known.bcc, text),
            Self::ReplyTo(text) => any(&known.reply_to, text),
            Self::Addressed(text) => {
                names(&known.from, text)
                    || [&known.to, &known.cc, &known.bcc, &known.reply_to].iter().any(|list| any(list, text))
            }
            Self::Recipient(text) => [&known.to, &known.cc, &known.bcc].iter().any(|list| any(list, text)),
            Self::Subject(text) => contains(&facts.subject, text),
            Self::MessageId(text) => contains(&facts.message_id, text),
            Self::Tag(text) => facts.tags.iter().any(|tag| tag.to_lowercase() == *text),
            Self::Inbox(text) => known.inboxes.iter().any(|inbox| inbox.to_lowercase() == *text),
            Self::Read => facts.read,
            Self::Unread => !facts.read,
            Self::Tagged => !facts.tags.is_empty(),
            Self::Attachment => facts.attachments > 0,
            Self::Inline => facts.inline > 0,
            Self::After(time) => facts.received >= *time,
            Self::Before(time) => facts.received <= *time,
            Self::Larger(size) => facts.size > *size,
            Self::Smaller(size) => facts.size < *size,
        }
    }
}

fn any(addresses: &[Address], text: &str) -> bool {
    addresses.iter().any(|address| names(address, text))
}

fn names(address: &Address, text: &str) -> bool {
    contains(&address.address, text) || contains(&address.name, text)
}

fn contains(whole: &str, text: &str) -> bool {
    whole.to_lowercase().contains(text)
}

/// A size as `2000`, `2k`, `1.5mb`; `None` where it is none, or 0.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => 1.0,
        "k" | "kb" => 1024.0,
        "m" | "mb" => 1024.0 * 1024.0,
        _ => return None,
    };
    let number: f64 = digits.trim_end().parse().ok()?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b' '));
    (plain && number * unit >= 1.0).then_some((number * unit) as u64)
}

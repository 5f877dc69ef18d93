//! What a request says of locks, and what follows from them for whatever changes something: by the methods of WebDAV and
//! by those of everybody else.

use std::time::SystemTime;

use ring::digest::{SHA256, digest};

use super::{
    holder::Kept,
    locks::{Asks, Who},
    passage::here,
    states::{self, State},
};
use crate::{
    http::{Answer, Head},
    serve::{Access, path::Wanted, root::Root},
};

/// Who a request is from, and the tokens of the locks that it has.
#[derive(Debug)]
pub(in super::super) struct Claim {
    kept: Kept,
    tokens: Vec<String>,
    who: Option<String>,
}

impl Claim {
    /// Reads what a request says, and judges the conditions of its `If`.
    ///
    /// # Errors
    /// The answer where these do not hold, or cannot be read.
    pub(super) fn read(
        kept: &Kept,
        root: &Root,
        access: &Access,
        wanted: &Wanted,
        head: &Head,
    ) -> Result<Self, Answer> {
        let kept = kept.clone();
        let who = head.value("authorization").map(name);
        let mut said = head.fields().filter(|(name, _)| name.eq_ignore_ascii_case("if"));
        let Some((_, value)) = said.next() else { return Ok(Self { kept, tokens: Vec::new(), who }) };
        let lists = std::str::from_utf8(value).ok().and_then(states::parse);
        let Some(lists) = lists.filter(|_| said.next().is_none()) else {
            return Err(Answer::text(400, "If is not understood\n"));
        };
        let now = SystemTime::now();
        let is = |about: Option<&str>, state: &State<'_>| {
            let other;
            let wanted = match about.map(|about| here(about, head)) {
                None => wanted,
                Some(None) => return false,
                Some(Some(parsed)) => {
                    other = parsed;
                    &other
                }
            };
            match state {
                State::Token(token) => kept.locks().is_covered_by(&place(wanted.parts()), token, now),
                // What they may not read tells them nothing.
                State::Tag(_) if !access.admits(wanted.parts(), false, head.value("authorization")) => false,
                State::Tag(tag) => {
                    let facts = root.reader().look(&wanted.path());
                    facts.is_ok_and(|facts| *tag == format!("\"{}\"", facts.tag()))
                }
            }
        };
        if !states::hold(&lists, is) {
            return Err(Answer::text(412, "it is not so\n"));
        }
        Ok(Self { tokens: states::tokens(&lists), kept, who })
    }

    /// Whether no lock of others stands on a place, nor, where it is `deep`, below it.
    pub(in super::super) fn is_free(&self, parts: &[String], deep: bool) -> bool {
        self.kept.locks().check(&place(parts), deep, self.asks(), SystemTime::now()).is_ok()
    }

    /// Whether no lock of others keeps a place from coming into its folder, or leaving it.
    pub(in super::super) fn may_come_or_go(&self, parts: &[String]) -> bool {
        let Some((_, folder)) = parts.split_last() else { return true };
        self.kept.locks().check_members(&place(folder), self.asks(), SystemTime::now()).is_ok()
    }

    /// Whether they have a lock on a place themselves.
    pub(in super::super) fn has(&self, parts: &[String]) -> bool {
        let covering = self.kept.locks().covering(&place(parts), SystemTime::now());
        covering.iter().any(|lock| lock.principal == self.who && self.tokens.contains(&lock.token))
    }

    /// What was not there before now is: what was known of an earlier one is not of this.
    pub(in super::super) fn forget(&self, parts: &[String]) {
        self.kept.properties().forget(&place(parts));
    }

    /// By what its locks are told from those of others; `None` where there is no password.
    pub(super) fn who(&self) -> Option<&str> {
        self.who.as_deref()
    }

    fn asks(&self) -> Asks<'_> {
        Asks { who: Who::One(self.who()), tokens: &self.tokens }
    }
}

/// What is said where a lock stands against it (RFC 4918 §16).
pub(in super::super) fn locked(wanted: &Wanted) -> Answer {
    let link = if wanted.parts().is_empty() { "/".to_owned() } else { wanted.link() };
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:error xmlns:D=\"DAV:\"><D:lock-token-submitted>\
         <D:href>{link}</D:href></D:lock-token-submitted></D:error>\n"
    );
    Answer::of(423, "application/xml; charset=utf-8", text)
}

/// Parts as one text, as locks and properties know a place.
pub(super) fn place(parts: &[String]) -> String {
    parts.join("/")
}

/// A name for who gives this password, that does not tell it.
fn name(said: &[u8]) -> String {
    digest(&SHA256, said).as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

//! Whether the links of a message lead anywhere: only where that was asked for, since it sends requests.
//!
//! A message is another's, and so are its links. One that leads to this machine or its network is not followed, nor is
//! one whose answer leads there: each address is looked at before it is connected to.

use std::rc::Rc;

use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use super::{
    away::{Answered, Away, Reach, Url},
    limits,
    mime::Mail,
};

/// How often a link may lead to another.
const REDIRECTS: usize = 5;

/// Checks links.
#[derive(Debug, Clone, Copy, Default)]
pub struct Links {
    /// Whether addresses of this machine may be asked: for tests of the checks themselves.
    pub here: bool,
}

/// A link that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The link.
    pub url: String,
    /// The status that was answered; 0 where none was.
    pub status: u16,
    /// What came of it, in words.
    pub text: String,
}

impl Links {
    /// Checks all links of a message, each once, some at the same time. `follow` is whether to go where an answer leads.
    pub async fn check(self, mail: &Mail, follow: bool, away: &Away) -> Vec<Checked> {
        let seats = Rc::new(Semaphore::new(limits::LINKS_AT_ONCE));
        let mut checks = JoinSet::new();
        for (at, link) in links(mail).into_iter().enumerate() {
            let (away, seats) = (away.clone(), Rc::clone(&seats));
            checks.spawn_local(async move {
                let _seat = seats.acquire().await;
                (at, self.one(link, follow, &away).await)
            });
        }
        let mut checked = checks.join_all().await;
        checked.sort_by_key(|(at, _)| *at);
        checked.into_iter().map(|(_, link)| link).collect()
    }

    async fn one(self, url: String, follow: bool, away: &Away) -> Checked {
        let found = timeout(limits::LINK, self.follow(&url, follow, away)).await;
        match found.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            Ok(status) => {
                let known = http::StatusCode::from_u16(status).ok();
                let text = known.and_then(|status| status.canonical_reason()).unwrap_or("Unknown").to_owned();
                Checked { url, status, text }
            }
            Err(text) => Checked { url, status: 0, text },
        }
    }

    /// The status at the end of the way.
    async fn follow(self, url: &str, follow: bool, away: &Away) -> Result<u16, String> {
        let no_web = || "it is no address of http:// or https://".to_owned();
        let mut at = Url::parse(url).ok_or_else(no_web)?;
        for _ in 0..=REDIRECTS {
            let Answered { status, location } = self.ask(&at, away).await?;
            match location.filter(|_| follow && (300..400).contains(&status)) {
                Some(next) => at = at.join(&next).ok_or_else(no_web)?,
                None => return Ok(status),
            }
        }
        Err("it leads on and on".to_owned())
    }

    async fn ask(self, url: &Url, away: &Away) -> Result<Answered, String> {
        let reach = if self.here { Reach::Anywhere } else { Reach::Internet };
        let asked = away.ask("HEAD", url, reach, None).await;
        // Not every server knows HEAD; only the head of the other answer is read as well.
        let asked = match asked {
            Ok(Answered { status: 405 | 501, .. }) => away.ask("GET", url, reach, None).await,
            asked => asked,
        };
        asked.map_err(|error| error.to_string())
    }
}

/// The links of a message, each once, in order.
fn links(mail: &Mail) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    let attributes = ["href=", "src="].iter().flat_map(|name| quoted_behind(&mail.html, name));
    let words = mail
        .text
        .split_whitespace()
        .map(|word| word.trim_matches(['<', '>', '(', ')', '"', '\'', ',', '.', ';']));
    for link in attributes.chain(words) {
        let link = link.replace("&amp;", "&");
        let web = ["http://", "https://"].iter().any(|scheme| link.starts_with(scheme));
        if web && !links.contains(&link) && links.len() < limits::LINKS {
            links.push(link);
        }
    }
    links
}

/// What stands in quotes behind each place of a word.
fn quoted_behind<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(word).filter_map(move |(at, _)| {
        let rest = &text[at + word.len()..];
        let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
        rest[1..].split_once(quote).map(|(inside, _)| inside.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::links;
    use crate::mail::mime;

    #[test]
    fn links_are_found_once() {
        let mail = mime::read(
            b"Content-Type: text/html\r\n\r\n<a href=\"http://a.example/?x=1&amp;y=2\">x</a><img src='https://b.example/'>\
            <a href='http://a.example/?x=1&y=2'>again</a><a href=\"javascript:alert(1)\">no</a><a href=\"unclosed",
        );
        assert_eq!(links(&mail), ["http://a.example/?x=1&y=2", "https://b.example/"]);
        let text = mime::read(b"\r\nsee <http://c.example/path>, or http://d.example.");
        assert_eq!(links(&text), ["http://c.example/path", "http://d.example"]);
    }
}

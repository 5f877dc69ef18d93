//! What answers over HTTP: the APIs of Mailpit, MailHog and maildev over one store, and pages to read mail.
//!
//! - [`Api`]: the site; which path leads where
//! - `mailpit/`, `mailhog`, `maildev`: their documents
//! - `wait`: a request that is answered when a message comes
//! - `page`, `view`: for people, made here and without JavaScript
//! - `events`: what happens, over a WebSocket
//!
//! Where two of them mean different things by one path, Mailpit's meaning stands: `GET /api/v1/messages` is its list.
//! MailHog's is at `/mailhog/api/v1/messages`, as all of its paths are. A page of another site can make a browser send
//! requests here, and is refused whatever would change something.

mod answers;
mod events;
mod input;
mod jim;
mod maildev;
mod mailhog;
mod mailpit;
mod origin;
mod page;
mod view;
mod wait;
mod web;

use std::{cell::RefCell, rc::Rc, time::Instant};

use super::{
    away::Away,
    links::Links,
    mime::{self, Mail},
    query::Query,
    relay::Relay,
    smtp::Rules,
    store::{Facts, Store, StoreError},
};
use crate::{
    Stop,
    http::{Answer, Answering, Asked, Head, Site},
};
use answers::{not_found, refused};
use bytes::Bytes;
use events::Words;
pub(super) use mailpit::summary;
pub use web::Web;

/// What answers.
pub struct Api {
    /// Where messages are.
    pub store: Store,
    /// How SMTP behaves: chaos is changed here.
    pub rules: Rc<Rules>,
    /// The server that messages are released to, where there is one.
    pub relay: Option<Relay>,
    /// What checks links, where that was asked for.
    pub links: Option<Links>,
    /// How servers elsewhere are reached.
    pub away: Away,
    /// What the store is called in documents: its file, or `memory`.
    pub database: String,
    /// When it began.
    pub since: Instant,
    /// Tells when nothing should be waited for any more; known with the first connection.
    pub stop: RefCell<Option<Stop>>,
}

/// A message with all that is known of it.
struct Whole {
    facts: Facts,
    bytes: Bytes,
}

/// An answer, or the answer that says why there is none.
type Said = Result<Answer, Answer>;

impl Site for Api {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        Box::pin(async move {
            if let Some(refusal) = origin::refuse(asked.head) {
                return refusal;
            }
            self.route(asked).await.unwrap_or_else(|answer| answer)
        })
    }
}

impl Api {
    async fn route(&self, mut asked: Asked<'_>) -> Said {
        let path = input::segments(asked.head);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let method = match asked.head.method() {
            "HEAD" => "GET",
            method => method,
        };
        match (method, &path[..]) {
            ("GET", ["api", "v1", "wait"]) => wait::answer(self, asked.head).await,
            ("GET", ["api", "events"]) => events::answer(self, asked.head, Words::Mailpit),
            ("GET", ["api", "v2", "websocket"] | ["mailhog", "api", "v2", "websocket"]) => {
                events::answer(self, asked.head, Words::MailHog)
            }
            ("DELETE", ["api", "v1", "messages"]) => mailpit::remove(self, &mut asked).await,
            (_, ["api", "v1", "messages", _, ..] | ["api", "v2", ..]) => {
                mailhog::route(self, method, &path[1..], &mut asked).await
            }
            (_, ["mailhog", "api", rest @ ..]) => mailhog::route(self, method, rest, &mut asked).await,
            (_, ["api", "v1", rest @ ..]) => mailpit::route(self, method, rest, &mut asked).await,
            (_, ["email", rest @ ..]) => maildev::route(self, method, rest, asked.head).await,
            ("GET", ["config"]) => Ok(maildev::config(self)),
            ("GET", ["livez" | "readyz"]) => Ok(Answer::text(200, "ok\n")),
            // maildev reads a folder again; here everything is there always.
            ("GET", ["healthz" | "reloadMailsFromDirectory"]) => Ok(answers::json(&true)),
            ("GET", ["view", name]) => view::route(self, name, asked.head).await,
            (_, [] | ["mail", ..]) => page::route(self, method, &path, asked.head).await,
            _ => Err(not_found()),
        }
    }

    /// A message by its name; by the name `latest` the newest that the query of the request finds, if it has one.
    async fn named(&self, key: &str, head: &Head) -> Result<Whole, Answer> {
        let words =
            input::parameter(head, "query").filter(|words| key == "latest" && !words.trim().is_empty());
        let Some(words) = words else { return self.find(key).await };
        let query = Query::parse(&words, &input::parameter(head, "tz").unwrap_or_default());
        let found = self.store.ask(move |shelf| shelf.search(&query, 0, 1, None)).await.map_err(failed)?;
        let facts = found.messages.into_iter().next().ok_or_else(not_found)?;
        self.find(&facts.key).await
    }

    /// A message by its name, or the newest by the name `latest`.
    async fn find(&self, key: &str) -> Result<Whole, Answer> {
        let key = key.to_owned();
        let found = self.store.ask(move |shelf| shelf.find(&key)).await.map_err(failed)?;
        found.map(|(facts, bytes)| Whole { facts, bytes }).ok_or_else(not_found)
    }
}

impl Whole {
    /// Takes the message apart, beside everything else: a large one takes a while.
    async fn read(&self) -> Result<Mail, Answer> {
        let bytes = self.bytes.clone();
        let read = tokio::task::spawn_blocking(move || mime::read(&bytes)).await;
        read.map_err(|_| refused(500, "the message cannot be read"))
    }
}

/// What is said when the store fails.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn failed(error: StoreError) -> Answer {
    let status = if error.is_full() { 507 } else { 500 };
    Answer::text(status, format!("{error}\n"))
}

/// Whether the client wants a document and no page.
fn wants_json(head: &Head) -> bool {
    head.text("accept").is_some_and(|accept| accept.contains("application/json"))
}

//! The echo: says what it was asked, and answers as it is told to, with the routes and documents of httpbin.
//!
//! - [`Echo`]: the site
//! - `table`: all routes, and the leaf that answers each; `route`: how a path is matched with them
//! - `question`, `posted`, `multipart`, `cookie`, `text`: what was asked, read as httpbin reads it
//! - `json`: documents as httpbin writes them
//!
//! A leaf is a function from a question to an answer; what waits says for how long, and the site waits. Where httpbin
//! fails with a 500 because it was asked for nonsense, this answers 400 and says what was wrong. Deliberately absent:
//! httpbin's page to try its routes on, and anything kept from one request to the next.

mod auth;
mod base64;
mod caching;
mod coded;
mod cookie;
mod cookies;
mod digest;
mod fields;
#[doc(hidden)]
pub mod fuzz;
mod images;
mod json;
mod made;
mod multipart;
mod paced;
mod pages;
mod posted;
mod question;
mod range;
mod redirects;
mod route;
mod seen;
mod spec;
mod status;
mod table;
mod text;
mod timing;
mod twister;

use std::time::Duration;

use bytes::Bytes;
use question::Question;
use route::{Found, find};
use table::ROUTES;
use tokio::time::sleep;

use crate::http::{Answer, Answering, Asked, Site};

/// The longest body that is read to be shown, in bytes.
pub const BODY: usize = 16 * 1024 * 1024;

/// The site of the echo.
#[derive(Debug, Default, Clone, Copy)]
pub struct Echo;

/// An answer, and how long it waits.
struct Reply {
    after: Duration,
    answer: Answer,
}

impl Site for Echo {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        Box::pin(async move {
            let Asked { head, body, .. } = asked;
            let body = match body.whole(BODY).await {
                Ok(body) => body,
                Err(error) => {
                    let refused = Answer::text(error.status(), format!("{error}\n"));
                    return shared(&Question::new(head, Bytes::new()), refused);
                }
            };
            let question = Question::new(head, body);
            let reply = reply(&question);
            if !reply.after.is_zero() {
                sleep(reply.after).await;
            }
            shared(&question, reply.answer)
        })
    }

    fn shouts(&self) -> bool {
        true
    }
}

fn reply(question: &Question<'_>) -> Reply {
    match find(ROUTES, question.method(), &question.path) {
        Found::Route(route, segments) => route.reply(question, segments.as_slice()),
        Found::Merged(path) => redirects::moved(question, &path).into(),
        Found::Options(allow) => Answer::of(200, HTML, "").with("Allow", allow).into(),
        Found::Method(allow) => {
            let text = format!("`{}` is not answered here: {allow}\n", question.method());
            Answer::text(405, text).with("Allow", allow).into()
        }
        Found::Nothing => Answer::text(404, "there is no such route: `/` names all of them\n").into(),
    }
}

/// With the fields that let pages of any origin read the answer (CORS), as httpbin does, in place of any that were
/// asked for.
fn shared(question: &Question<'_>, mut answer: Answer) -> Answer {
    let origin = question.field("origin").unwrap_or_else(|| "*".to_owned());
    answer.fields.retain(|(name, _)| !OF_ORIGINS.iter().any(|known| name.eq_ignore_ascii_case(known)));
    let answer =
        answer.with("Access-Control-Allow-Origin", origin).with("Access-Control-Allow-Credentials", "true");
    if question.method() != "OPTIONS" {
        return answer;
    }
    let answer = answer
        .with("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, PATCH, OPTIONS")
        .with("Access-Control-Max-Age", "3600");
    match question.field("access-control-request-headers") {
        Some(fields) => answer.with("Access-Control-Allow-Headers", fields),
        None => answer,
    }
}

const OF_ORIGINS: [&str; 2] = ["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"];

const HTML: &str = "text/html; charset=utf-8";

/// What a route says to something that it cannot understand.
fn nonsense(what: &str) -> Answer {
    Answer::text(400, what)
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { after: Duration::ZERO, answer }
    }
}

#[cfg(test)]
mod tests;

//! The echo: says what it was asked, and answers as it is told to, with the routes and documents of httpbin.
//!
//! - [`Echo`]: the site
//! - `route`: how a path is matched; `ROUTES` names all of them, and the leaf that answers each
//! - `question`, `posted`, `multipart`, `cookie`, `text`: what was asked, read as httpbin reads it
//! - `json`: documents as httpbin writes them
//!
//! A leaf is a function from a question to an answer; what waits says for how long, and the site waits. Where httpbin
//! fails with a 500 because it was asked for nonsense, this answers 400 and says what was wrong. Deliberately absent:
//! httpbin's page to try its routes on, and anything kept from one request to the next.

mod auth;
mod caching;
mod coded;
mod cookie;
mod cookies;
mod digest;
mod fields;
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
mod status;
mod text;
mod timing;
mod twister;

use std::time::Duration;

use question::Question;
use route::{Found, Route, find, later, now};
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

const GET: &str = "GET HEAD OPTIONS";
const POST: &str = "POST OPTIONS";
const GET_POST: &str = "GET HEAD POST OPTIONS";
const ALL: &str = "GET HEAD POST PUT DELETE PATCH TRACE OPTIONS";

/// All routes. `{}` is one segment of the path, `{n}` one of digits, `{*}` all the rest.
const ROUTES: &[Route] = &[
    now(GET, "/", pages::index),
    now(GET, "/ip", seen::ip),
    now(GET, "/headers", seen::headers),
    now(GET, "/user-agent", seen::user_agent),
    now(GET, "/get", seen::get),
    now(POST, "/post", seen::posted),
    now("PUT OPTIONS", "/put", seen::posted),
    now("PATCH OPTIONS", "/patch", seen::posted),
    now("DELETE OPTIONS", "/delete", seen::posted),
    now(ALL, "/anything", seen::anything),
    now(ALL, "/anything/{*}", seen::anything),
    now(ALL, "/status/{}", status::status),
    now(GET_POST, "/response-headers", fields::response_headers),
    later(ALL, "/delay/{}", timing::delay),
    later(GET, "/drip", timing::drip),
    now(GET, "/range/{n}", range::range),
    now(GET, "/cache", caching::cache),
    now(GET, "/cache/{n}", caching::cache_control),
    now(GET, "/etag/{}", caching::etag),
    now(GET, "/redirect/{n}", redirects::redirect),
    now(GET, "/relative-redirect/{n}", redirects::relative),
    now(GET, "/absolute-redirect/{n}", redirects::absolute),
    now(ALL, "/redirect-to", redirects::redirect_to),
    now(GET, "/cookies", cookies::cookies),
    now(GET, "/cookies/set", cookies::set_all),
    now(GET, "/cookies/set/{}/{}", cookies::set),
    now(GET, "/cookies/delete", cookies::delete),
    now(GET, "/basic-auth/{}/{}", auth::basic),
    now(GET, "/hidden-basic-auth/{}/{}", auth::hidden),
    now(GET, "/bearer", auth::bearer),
    now(GET, "/digest-auth/{}/{}/{}", digest::digest),
    now(GET, "/digest-auth/{}/{}/{}/{}", digest::digest),
    now(GET, "/digest-auth/{}/{}/{}/{}/{}", digest::digest),
    now(GET, "/gzip", coded::gzip),
    now(GET, "/deflate", coded::deflate),
    now(GET, "/brotli", coded::brotli),
    now(GET, "/stream/{n}", made::stream),
    now(GET, "/bytes/{n}", made::bytes),
    now(GET, "/stream-bytes/{n}", made::stream_bytes),
    now(GET, "/uuid", made::uuid),
    now(GET, "/base64/{}", made::base64),
    now(GET, "/links/{n}", made::links),
    now(GET, "/links/{n}/{n}", made::link_page),
    now(GET, "/image", images::image),
    now(GET, "/image/png", images::png),
    now(GET, "/image/jpeg", images::jpeg),
    now(GET, "/image/webp", images::webp),
    now(GET, "/image/svg", images::svg),
    now(GET, "/html", pages::html),
    now(GET, "/xml", pages::xml),
    now(GET, "/json", pages::json),
    now(GET, "/robots.txt", pages::robots),
    now(GET, "/deny", pages::deny),
    now(GET, "/encoding/utf8", pages::utf8),
    now(GET, "/forms/post", pages::form),
];

impl Site for Echo {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        Box::pin(async move {
            let Asked { head, body, .. } = asked;
            let body = match body.whole(BODY).await {
                Ok(body) => body,
                Err(error) => return Answer::text(413, format!("{error}\n")),
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
        Found::Options(allow) => Answer::of(200, HTML, "").with("Allow", allow).into(),
        Found::Method(allow) => {
            let text = format!("`{}` is not answered here: {allow}\n", question.method());
            Answer::text(405, text).with("Allow", allow).into()
        }
        Found::Nothing => Answer::text(404, "there is no such route: `/` names all of them\n").into(),
    }
}

/// With the fields that let pages of any origin read the answer (CORS), as httpbin does.
fn shared(question: &Question<'_>, answer: Answer) -> Answer {
    let origin = question.field("origin").unwrap_or_else(|| "*".to_owned());
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

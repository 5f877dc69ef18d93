//! Mailpit's API, version 1.
//!
//! Deliberately absent: spam and HTML checks, which need programs and data that are not here, and pictures made smaller:
//! an image is its own thumbnail.

mod chaos;
mod compose;
mod documents;
mod info;
mod message;
mod messages;
mod tags;

pub(in crate::mail) use documents::summary;
pub(super) use documents::{VERSION, detail, time, with_inboxes};

use super::{
    Api, Said,
    answers::{not_found, refused},
};
use crate::http::Asked;

/// Answers what stands behind `/api/v1/`.
pub(super) async fn route(api: &Api, method: &str, path: &[&str], asked: &mut Asked<'_>) -> Said {
    match (method, path) {
        ("GET", ["info"]) => info::info(api).await,
        ("GET", ["webui"]) => Ok(info::webui(api)),
        ("GET", ["messages"]) => messages::list(api, asked.head).await,
        ("PUT", ["messages"]) => messages::mark(api, asked).await,
        ("GET", ["search"]) => messages::search(api, asked.head).await,
        ("DELETE", ["search"]) => messages::remove_found(api, asked.head).await,
        ("GET", ["message", key]) => message::detail(api, key, asked.head).await,
        ("GET", ["message", key, "headers"]) => message::headers(api, key, asked.head).await,
        ("GET", ["message", key, "raw"]) => message::raw(api, key, asked.head).await,
        ("GET", ["message", key, "part", number]) => message::part(api, key, number, false).await,
        ("GET", ["message", key, "part", number, "thumb"]) => message::part(api, key, number, true).await,
        ("POST", ["message", key, "release"]) => message::release(api, key, asked).await,
        ("GET", ["message", key, "link-check"]) => message::links(api, key, asked.head).await,
        ("GET", ["message", _, "html-check"]) => Err(refused(501, "HTML is not checked here")),
        ("GET", ["message", _, "sa-check"]) => Err(refused(400, "SpamAssassin is not enabled")),
        ("POST", ["send"]) => compose::send(api, asked).await,
        ("GET", ["tags"]) => tags::list(api).await,
        ("PUT", ["tags"]) => tags::set(api, asked).await,
        ("PUT", ["tags", tag]) => tags::rename(api, tag, asked).await,
        ("DELETE", ["tags", tag]) => tags::remove(api, tag).await,
        ("GET", ["chaos"]) => Ok(chaos::show(api)),
        ("PUT", ["chaos"]) => chaos::set(api, asked).await,
        _ => Err(not_found()),
    }
}

/// Removes messages: MailHog's clients ask for it by the same path.
pub(super) async fn remove(api: &Api, asked: &mut Asked<'_>) -> Said {
    messages::remove(api, asked).await
}

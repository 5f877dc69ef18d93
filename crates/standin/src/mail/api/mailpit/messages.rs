//! Lists and searches, and what is done with many messages.

use serde::Deserialize;
use serde_json::json;

use super::summary;
use crate::{
    http::{Answer, Asked, Head},
    mail::{
        api::{
            Api, Said,
            answers::{done, json as document, refused},
            failed, input,
        },
        limits,
        query::Query,
        store::{Page, Selection, Stats},
    },
};

pub(super) async fn list(api: &Api, head: &Head) -> Said {
    let ((start, limit), before) = (input::piece(head), before(head));
    let found = api.store.ask(move |shelf| {
        let page = shelf.list(start, limit, before)?;
        Ok((page, shelf.stats()?, shelf.tags()?))
    });
    let (page, stats, tags) = found.await.map_err(failed)?;
    Ok(document(&listing(&page, start, stats, &tags)))
}

pub(super) async fn search(api: &Api, head: &Head) -> Said {
    let (query, (start, limit), before) = (query(head)?, input::piece(head), before(head));
    let found = api.store.ask(move |shelf| {
        let page = shelf.search(&query, start, limit, before)?;
        Ok((page, shelf.stats()?, shelf.tags()?))
    });
    let (page, stats, tags) = found.await.map_err(failed)?;
    Ok(document(&listing(&page, start, stats, &tags)))
}

pub(super) async fn remove_found(api: &Api, head: &Head) -> Said {
    let which = Selection::Query(query(head)?);
    api.store.ask(move |shelf| shelf.delete(&which)).await.map_err(failed)?;
    Ok(done())
}

/// Which messages a request means.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meant {
    #[serde(rename = "Read", alias = "read")]
    read: bool,
    #[serde(rename = "IDs", alias = "ids")]
    keys: Option<Vec<String>>,
    #[serde(rename = "Search", alias = "search")]
    search: Option<String>,
}

pub(super) async fn mark(api: &Api, asked: &mut Asked<'_>) -> Said {
    let zone = input::parameter(asked.head, "tz").unwrap_or_default();
    let meant: Meant = input::document(asked, limits::REQUEST).await?;
    let keys = meant.keys.filter(|keys| !keys.is_empty());
    let search = meant.search.filter(|search| !search.is_empty());
    let which = match (keys, search) {
        (Some(keys), _) => Selection::Keys(keys),
        (None, Some(search)) => Selection::Query(Query::parse(&search, &zone)),
        (None, None) => Selection::All,
    };
    let read = meant.read;
    api.store.ask(move |shelf| shelf.mark(&which, read)).await.map_err(failed)?;
    Ok(done())
}

/// Removes the messages that are named; all, where none are. A body that cannot be read removes nothing.
pub(super) async fn remove(api: &Api, asked: &mut Asked<'_>) -> Said {
    // Clients of MailHog ask without a body, and would read one of ours as a document.
    let bare = asked.body.is_done();
    let meant: Meant = input::document(asked, limits::REQUEST).await?;
    let which = match meant.keys.filter(|keys| !keys.is_empty()) {
        Some(keys) => Selection::Keys(keys),
        None => Selection::All,
    };
    api.store.ask(move |shelf| shelf.delete(&which)).await.map_err(failed)?;
    Ok(if bare { Answer::new(200) } else { done() })
}

fn query(head: &Head) -> Result<Query, Answer> {
    let words = input::parameter(head, "query").filter(|words| !words.trim().is_empty());
    let words = words.ok_or_else(|| refused(400, "no search query"))?;
    let query = Query::parse(&words, &input::parameter(head, "tz").unwrap_or_default());
    // What says nothing would find everything, and could then remove it.
    if query.is_empty() {
        Err(refused(400, format!("`{words}` says nothing to look for")))
    } else {
        Ok(query)
    }
}

/// Before which time, in milliseconds.
fn before(head: &Head) -> Option<i64> {
    input::number(head, "before").filter(|time| *time > 0).map(u64::cast_signed)
}

fn listing(page: &Page, start: u64, stats: Stats, tags: &[(String, u64)]) -> serde_json::Value {
    let names: Vec<_> = tags.iter().map(|(tag, _)| tag).collect();
    json!({
        "total": stats.messages, "unread": stats.unread, "count": page.messages.len(),
        "messages_count": page.found, "messages_unread": page.found_unread, "start": start, "tags": names,
        "messages": page.messages.iter().map(summary).collect::<Vec<_>>(),
    })
}

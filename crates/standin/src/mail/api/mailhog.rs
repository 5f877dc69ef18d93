//! MailHog's API, versions 1 and 2.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Api, Said, Whole,
    answers::{done, foreign, json as document, not_found, refused},
    failed, input, jim,
    mailpit::time,
};
use crate::{
    http::{Answer, Asked, Head},
    mail::{
        limits,
        mime::{Piece, pieces},
        query::Query,
        relay::Relay,
        store::{Facts, Selection, Shelf, StoreError},
    },
};

/// Answers what stands behind `/api/`, or `/mailhog/api/`.
pub(super) async fn route(api: &Api, method: &str, path: &[&str], asked: &mut Asked<'_>) -> Said {
    match (method, path) {
        ("GET", ["v1", "messages"]) => list(api, asked.head, Query::default(), true).await,
        ("DELETE", ["v1", "messages"]) => remove(api, Selection::All).await,
        ("GET", ["v2", "messages"]) => list(api, asked.head, Query::default(), false).await,
        ("GET", ["v2", "search"]) => {
            let text = input::parameter(asked.head, "query").unwrap_or_default();
            let query = match input::parameter(asked.head, "kind").as_deref() {
                Some("from") => Query::from(&text),
                Some("to") => Query::to(&text),
                Some("containing") => Query::containing(&text),
                _ => return Err(refused(400, "kind is from, to or containing")),
            };
            list(api, asked.head, query, false).await
        }
        ("GET", ["v1", "messages", key]) => Ok(document(&item(&api.find(key).await?).await?)),
        ("DELETE", ["v1", "messages", key]) => {
            api.find(key).await?;
            remove(api, Selection::Keys(vec![(*key).to_owned()])).await
        }
        ("GET", ["v1", "messages", key, "download"]) => {
            let whole = api.find(key).await?;
            Ok(foreign("message/rfc822", &format!("{key}.eml"), whole.bytes))
        }
        ("GET", ["v1", "messages", key, "mime", "part", number, "download"]) => {
            let whole = api.find(key).await?;
            let part = number.parse::<usize>().ok().and_then(|number| apart(&whole).into_iter().nth(number));
            let part = part.ok_or_else(not_found)?;
            let kind = crate::mail::mime::head::value(&part.fields, "content-type").unwrap_or("text/plain");
            let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
            Ok(foreign(&kind, number, part.body))
        }
        ("POST", ["v1", "messages", key, "release"]) => release(api, key, asked).await,
        (_, ["v2", "jim"]) => jim::route(api, method, asked).await,
        ("GET", ["v2", "outgoing-smtp"]) => Ok(document(&json!({}))),
        _ => Err(not_found()),
    }
}

/// A list; `bare` is that of version 1, which has nothing around it.
async fn list(api: &Api, head: &Head, query: Query, bare: bool) -> Said {
    let (start, limit) = input::piece(head);
    let found = move |shelf: &mut Shelf| -> Result<_, StoreError> {
        let page = shelf.search(&query, start, limit, None)?;
        let mut messages = Vec::new();
        for facts in page.messages {
            if let Some((facts, bytes)) = shelf.find(&facts.key)? {
                messages.push(Whole { facts, bytes });
            }
        }
        Ok((messages, page.found, shelf.stats()?))
    };
    let (messages, count, stats) = api.store.ask(found).await.map_err(failed)?;
    let mut items = Vec::new();
    for whole in &messages {
        items.push(item(whole).await?);
    }
    let searched = head.path().ends_with("/search");
    let total = if searched { count } else { stats.messages };
    Ok(match bare {
        true => document(&items),
        false => document(&json!({ "total": total, "count": items.len(), "start": start, "items": items })),
    })
}

async fn remove(api: &Api, which: Selection) -> Said {
    api.store.ask(move |shelf| shelf.delete(&which)).await.map_err(failed)?;
    // Its clients read every body as a document.
    Ok(Answer::new(200))
}

/// A server, as a client of MailHog names it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "lowercase")]
struct Outgoing {
    host: String,
    port: Value,
    email: String,
}

/// Releases a message to the server of `--relay`, or to one of this machine that the request names: a request must not
/// be a way to send mail to anywhere.
async fn release(api: &Api, key: &str, asked: &mut Asked<'_>) -> Said {
    let outgoing: Outgoing = input::document(asked, limits::REQUEST).await?;
    let whole = api.find(key).await?;
    let port = outgoing.port.as_u64().or_else(|| outgoing.port.as_str()?.parse().ok());
    let named = port.map(|port| format!("{}:{port}", outgoing.host));
    let local = named.as_deref().and_then(|named| Relay::parse(named).ok().filter(Relay::is_local));
    let known =
        api.relay.as_ref().filter(|relay| named.as_deref().is_none_or(|named| named == relay.server()));
    let relay = local.as_ref().or(known);
    let relay =
        relay.ok_or_else(|| refused(403, "mail is released to the server of --relay, or of this machine"))?;
    let to =
        if outgoing.email.is_empty() { whole.facts.known.recipients.clone() } else { vec![outgoing.email] };
    let released = relay.send(&whole.facts.known.sender, &to, &whole.bytes, &api.away).await;
    released.map(|()| done()).map_err(|error| refused(502, error))
}

/// A message as MailHog tells it.
pub(super) async fn item(whole: &Whole) -> Result<Value, Answer> {
    let bytes = whole.bytes.clone();
    let apart = tokio::task::spawn_blocking(move || pieces(&bytes)).await;
    let piece = apart.map_err(|_| refused(500, "the message cannot be read"))?;
    let Facts { key, received, known, .. } = &whole.facts;
    let mime = if piece.pieces.is_empty() { Value::Null } else { json!({ "Parts": parts(&piece.pieces) }) };
    Ok(json!({
        "ID": key, "From": path(&known.sender), "To": known.recipients.iter().map(|to| path(to)).collect::<Vec<_>>(),
        "Content": content(&piece, &Value::Null), "Created": time(*received), "MIME": mime,
        "Raw": {
            "From": known.sender, "To": known.recipients, "Helo": "",
            "Data": String::from_utf8_lossy(&whole.bytes),
        },
    }))
}

fn apart(whole: &Whole) -> Vec<Piece> {
    pieces(&whole.bytes).pieces
}

fn parts(pieces: &[Piece]) -> Vec<Value> {
    let part = |piece: &Piece| {
        let inside =
            if piece.pieces.is_empty() { Value::Null } else { json!({ "Parts": parts(&piece.pieces) }) };
        content(piece, &inside)
    };
    pieces.iter().map(part).collect()
}

fn content(piece: &Piece, mime: &Value) -> Value {
    let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &piece.fields {
        headers.entry(name).or_default().push(value);
    }
    json!({ "Headers": headers, "Body": piece.body, "Size": piece.body.len(), "MIME": mime })
}

fn path(address: &str) -> Value {
    let (mailbox, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    json!({ "Relays": null, "Mailbox": mailbox, "Domain": domain, "Params": "" })
}

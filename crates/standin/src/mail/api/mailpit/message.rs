//! One message, and what is done with it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::with_inboxes;
use crate::{
    http::{Answer, Asked, Head},
    mail::{
        api::{
            Api, Said,
            answers::{done, foreign, json as document, not_found, refused},
            failed, input,
        },
        limits, mime,
        store::Selection,
    },
};

/// All of it. It counts as read from then on.
pub(super) async fn detail(api: &Api, key: &str, head: &Head) -> Said {
    let whole = api.named(key, head).await?;
    if !whole.facts.read {
        let which = Selection::Keys(vec![whole.facts.key.clone()]);
        api.store.ask(move |shelf| shelf.mark(&which, true)).await.map_err(failed)?;
    }
    let detail = super::detail(&whole, &whole.read().await?);
    let asked = input::parameter(head, "inboxes").is_some_and(|value| matches!(value.as_str(), "true" | "1"));
    // Older versions of Mailpit told whether a message was read. The client of PyPI, which asks by `httpx`, fails without that,
    // and those of npm hold it for a mistake.
    let old = head.text("user-agent").is_some_and(|name| name.starts_with("python-"));
    Ok(if asked || old { document(&with_inboxes(detail, &whole.facts)) } else { document(&detail) })
}

/// The fields of its head, and what Mailpit adds to them: the envelope, as far as they do not tell it.
pub(super) async fn headers(api: &Api, key: &str, head: &Head) -> Said {
    let whole = api.named(key, head).await?;
    let mut headers = Map::new();
    let mut fields = mime::head::fields(&whole.bytes);
    let known = &whole.facts.known;
    let secret: Vec<_> = known.bcc.iter().map(|bcc| bcc.address.as_str()).collect();
    for (name, value) in [("Return-Path", format!("<{}>", known.sender)), ("Bcc", secret.join(", "))] {
        if mime::head::value(&fields, name).is_none() && !value.is_empty() {
            fields.push((name.to_owned(), value));
        }
    }
    for (name, value) in fields {
        let values = headers.entry(mime::head::canonical(&name)).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(value.into());
        }
    }
    Ok(document(&headers))
}

/// Byte for byte.
pub(super) async fn raw(api: &Api, key: &str, head: &Head) -> Said {
    let whole = api.named(key, head).await?;
    let answer =
        Answer::of(200, "text/plain; charset=utf-8", whole.bytes).with("X-Content-Type-Options", "nosniff");
    let saved = input::number(head, "dl") == Some(1);
    let name = format!("attachment; filename=\"{}.eml\"", whole.facts.key);
    Ok(if saved { answer.with("Content-Disposition", name) } else { answer })
}

/// A part, decoded. `image` is whether only an image will do.
pub(super) async fn part(api: &Api, key: &str, number: &str, image: bool) -> Said {
    let mail = api.find(key).await?.read().await?;
    let part = mail.parts.into_iter().find(|part| part.number.to_string() == number).ok_or_else(not_found)?;
    if image && !part.kind.to_ascii_lowercase().starts_with("image/") {
        return Err(not_found());
    }
    Ok(foreign(&part.kind, &part.name, part.bytes))
}

/// Whom a message is released to.
#[derive(Debug, Default, Deserialize)]
struct To {
    #[serde(rename = "To", default)]
    to: Vec<String>,
}

pub(super) async fn release(api: &Api, key: &str, asked: &mut Asked<'_>) -> Said {
    let to: To = input::document(asked, limits::REQUEST).await?;
    let whole = api.find(key).await?;
    let relay =
        api.relay.as_ref().ok_or_else(|| refused(403, "there is no server to release to: see --relay"))?;
    if to.to.is_empty() {
        return Err(refused(400, "nobody is named to release to"));
    }
    let released = relay.send(&whole.facts.known.sender, &to.to, &whole.bytes, &api.away).await;
    released.map(|()| done()).map_err(|error| refused(502, error))
}

pub(super) async fn links(api: &Api, key: &str, head: &Head) -> Said {
    let links = api.links.as_ref().ok_or_else(|| refused(403, "links are not checked: see --check-links"))?;
    let follow = input::parameter(head, "follow").is_some_and(|value| matches!(value.as_str(), "true" | "1"));
    let mail = api.named(key, head).await?.read().await?;
    let checked = links.check(&mail, follow, &api.away).await;
    let errors = checked.iter().filter(|link| !(200..400).contains(&link.status)).count();
    let each = |link: &crate::mail::links::Checked| json!({ "URL": link.url, "StatusCode": link.status, "Status": link.text });
    Ok(document(&json!({ "Errors": errors, "Links": checked.iter().map(each).collect::<Vec<_>>() })))
}

//! maildev's API: `/email`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Api, Said, Whole,
    answers::{encoded, foreign, json as document, not_found, refused},
    failed, input,
    mailpit::time,
    view,
};
use crate::{
    http::{Answer, Head},
    mail::{
        limits,
        mime::{Mail, Part, head},
        store::{Address, Selection},
    },
};

/// Answers what stands behind `/email`.
pub(super) async fn route(api: &Api, method: &str, path: &[&str], head: &Head) -> Said {
    match (method, path) {
        ("GET", []) => list(api, head).await,
        ("DELETE", ["all"]) => remove(api, Selection::All).await,
        ("PATCH", ["read-all"]) => {
            let marked = api.store.ask(|shelf| shelf.mark(&Selection::All, true)).await.map_err(failed)?;
            Ok(document(&marked))
        }
        ("GET", [key]) => {
            let whole = api.find(key).await?;
            let which = Selection::Keys(vec![whole.facts.key.clone()]);
            api.store.ask(move |shelf| shelf.mark(&which, true)).await.map_err(failed)?;
            Ok(document(&email(&whole, &whole.read().await?)))
        }
        ("DELETE", [key]) => {
            api.find(key).await?;
            remove(api, Selection::Keys(vec![(*key).to_owned()])).await
        }
        ("GET", [key, "html"]) => {
            let whole = api.find(key).await?;
            Ok(view::html(&whole.facts.key, &whole.read().await?))
        }
        ("GET", [key, "source"]) => Ok(foreign("text/plain", key, api.find(key).await?.bytes)),
        ("GET", [key, "download"]) => {
            Ok(foreign("message/rfc822", &format!("{key}.eml"), api.find(key).await?.bytes))
        }
        ("GET", [key, "attachment", name]) => {
            let mail = api.find(key).await?.read().await?;
            let part = mail.parts.into_iter().find(|part| generated(part) == *name).ok_or_else(not_found)?;
            Ok(foreign(&part.kind, &part.name, part.bytes))
        }
        ("POST", [key, "relay"]) => relay(api, key, None).await,
        ("POST", [key, "relay", to]) => relay(api, key, Some(to)).await,
        _ => Err(not_found()),
    }
}

/// What runs.
pub(super) fn config() -> Answer {
    document(&json!({
        "version": env!("CARGO_PKG_VERSION"), "smtpPort": null, "isOutgoingEnabled": false, "outgoingHost": null,
    }))
}

/// The newest messages, the oldest of them first, as far as the query has them.
async fn list(api: &Api, head: &Head) -> Said {
    let found = api.store.ask(|shelf| {
        let page = shelf.list(0, limits::PAGE as u64, None)?;
        let mut messages = Vec::new();
        for facts in page.messages.into_iter().rev() {
            if let Some((facts, bytes)) = shelf.find(&facts.key)? {
                messages.push(Whole { facts, bytes });
            }
        }
        Ok(messages)
    });
    let messages = found.await.map_err(failed)?;
    let wanted = input::parameters(head.query());
    let skip = input::number(head, "skip").unwrap_or(0) as usize;
    let mut list = Vec::new();
    for whole in messages.iter().skip(skip) {
        let email = email(whole, &whole.read().await?);
        let mut conditions = wanted.iter().filter(|(name, _)| name != "skip");
        if conditions.all(|(name, value)| has(&email, &name.split('.').collect::<Vec<_>>(), value)) {
            list.push(email);
        }
    }
    Ok(document(&list))
}

/// Whether a value stands at a path of names; any item of a list will do.
fn has(document: &Value, path: &[&str], value: &str) -> bool {
    if let Value::Array(items) = document {
        return items.iter().any(|item| has(item, path, value));
    }
    match path.split_first() {
        Some((name, rest)) => document.get(name).is_some_and(|inner| has(inner, rest, value)),
        None => match document {
            Value::String(text) => text == value,
            Value::Bool(known) => value.parse() == Ok(*known),
            Value::Number(number) => number.to_string() == value,
            _ => false,
        },
    }
}

async fn remove(api: &Api, which: Selection) -> Said {
    api.store.ask(move |shelf| shelf.delete(&which)).await.map_err(failed)?;
    Ok(document(&true))
}

async fn relay(api: &Api, key: &str, to: Option<&str>) -> Said {
    let relay =
        api.relay.as_ref().ok_or_else(|| refused(403, "there is no server to release to: see --relay"))?;
    let whole = api.find(key).await?;
    let to = to.map_or_else(|| whole.facts.known.recipients.clone(), |to| vec![to.to_owned()]);
    relay
        .send(&whole.facts.known.sender, &to, &whole.bytes, &api.away)
        .await
        .map_err(|error| refused(502, error))?;
    Ok(document(&true))
}

/// A message as maildev tells it.
fn email(whole: &Whole, mail: &Mail) -> Value {
    let (facts, known) = (&whole.facts, &whole.facts.known);
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in head::fields(&whole.bytes) {
        headers.insert(name.to_ascii_lowercase(), value);
    }
    let written = known.date.and_then(|seconds| seconds.checked_mul(1000)).unwrap_or(facts.received);
    json!({
        "id": facts.key, "messageId": facts.message_id, "subject": facts.subject, "text": mail.text, "html": mail.html,
        "from": people(std::slice::from_ref(&known.from)), "to": people(&known.to), "cc": people(&known.cc),
        "bcc": people(&known.bcc), "calculatedBcc": people(&known.bcc), "replyTo": people(&known.reply_to),
        "date": time(written), "time": time(facts.received), "read": facts.read, "headers": headers,
        "size": facts.size, "sizeHuman": format!("{:.1} KB", facts.size as f64 / 1024.0), "priority": "normal",
        "envelope": {
            "from": { "address": known.sender }, "host": "", "remoteAddress": "",
            "to": known.recipients.iter().map(|to| json!({ "address": to })).collect::<Vec<_>>(),
        },
        "attachments": mail.parts.iter().map(attachment).collect::<Vec<_>>(),
    })
}

fn people(addresses: &[Address]) -> Vec<Value> {
    addresses.iter().map(|one| json!({ "address": one.address, "name": one.name })).collect()
}

fn attachment(part: &Part) -> Value {
    json!({
        "fileName": part.name, "generatedFileName": generated(part), "contentType": part.kind, "contentId": part.id,
        "length": part.bytes.len(), "contentDisposition": if part.inline { "inline" } else { "attachment" },
    })
}

/// A name that no other part of the message has.
fn generated(part: &Part) -> String {
    let name = part.name.replace(['/', '\\'], "_");
    if name.is_empty() {
        format!("attachment-{}", part.number)
    } else {
        format!("{}-{}", part.number, encoded(&name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::has;

    #[test]
    fn a_path_of_names_is_followed() {
        let email = json!({"subject": "Hi", "to": [{"address": "a@b"}, {"address": "c@d"}], "read": false});
        for (path, value, expected) in [
            ("subject", "Hi", true),
            ("subject", "H", false),
            ("to.address", "c@d", true),
            ("to.address", "e@f", false),
            ("read", "false", true),
            ("nothing.at.all", "x", false),
        ] {
            assert_eq!(has(&email, &path.split('.').collect::<Vec<_>>(), value), expected, "{path}={value}");
        }
    }
}
